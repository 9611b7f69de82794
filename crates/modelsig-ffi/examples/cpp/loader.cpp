// loader MODEL BUNDLE PUBLIC_KEY_FILE [NAME]: how a model loader in C++ takes verified bytes instead of a path.
//
// Prints the header of each safetensors and GGUF file of the model (or of NAME). The bytes that are parsed are those that
// were checked: in memory of the library, or behind a descriptor of a sealed copy, which is handed on as a path to code that
// takes nothing else. C++11.
#include <modelsig.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#ifdef __linux__
#include <unistd.h>
#endif

namespace {

// What the C API hands out, given back when it is not needed any more.
template <typename T, void (*free)(T *)>
struct Give {
    void operator()(T *object) const { free(object); }
};
using Verifier = std::unique_ptr<modelsig_verifier, Give<modelsig_verifier, modelsig_verifier_free>>;
using Source = std::unique_ptr<modelsig_source, Give<modelsig_source, modelsig_source_free>>;
using Model = std::unique_ptr<modelsig_model, Give<modelsig_model, modelsig_model_free>>;
using Bytes = std::unique_ptr<modelsig_bytes, Give<modelsig_bytes, modelsig_bytes_free>>;

// Turns a failure into an exception. It takes the place of the error: the compiler may look at the arguments of a call in
// any order, and so at an error itself before the call that makes it.
void check(modelsig_status status, modelsig_error **error) {
    if (status != MODELSIG_STATUS_OK) {
        std::string message = modelsig_error_message(*error);
        modelsig_error_free(*error);
        throw std::runtime_error(message);
    }
}

Model open(const char *model_path, const char *bundle_path, const std::string &key) {
    modelsig_error *error = nullptr;
    modelsig_verifier *verifier = nullptr;
    check(modelsig_verifier_new(&verifier, &error), &error);
    Verifier owned_verifier(verifier);
    check(modelsig_verifier_add_key_pem(verifier, key.c_str(), &error), &error);
    modelsig_source *bundle = nullptr;
    check(modelsig_source_from_path(bundle_path, &bundle, &error), &error);
    Source owned_bundle(bundle);
    modelsig_model *model = nullptr;
    check(modelsig_verifier_open(verifier, model_path, bundle, nullptr, &model, &error), &error);
    return Model(model);
}

std::uint64_t little_endian(const unsigned char *bytes) {
    std::uint64_t number = 0;
    for (int i = 7; i >= 0; i--) {
        number = number << 8 | bytes[i];
    }
    return number;
}

// The JSON header of a safetensors file (8 bytes of length before it), or magic, version and counts of a GGUF file.
std::string header_of(const unsigned char *bytes, std::uint64_t length) {
    if (length >= 24 && std::string(bytes, bytes + 4) == "GGUF") {
        return "GGUF version " + std::to_string(bytes[4]) + ", " + std::to_string(little_endian(bytes + 8)) +
               " tensors, " + std::to_string(little_endian(bytes + 16)) + " pieces of metadata";
    }
    if (length < 8 || little_endian(bytes) > length - 8) {
        throw std::runtime_error("no header");
    }
    return std::string(bytes + 8, bytes + 8 + little_endian(bytes));
}

// A loader with a buffer of its own would stop here.
std::string from_bytes(const modelsig_model *model, const char *name) {
    modelsig_error *error = nullptr;
    modelsig_bytes *bytes = nullptr;
    check(modelsig_model_load(model, name, &bytes, &error), &error);
    Bytes owned(bytes);
    return header_of(modelsig_bytes_data(bytes), modelsig_bytes_length(bytes));
}

#ifdef __linux__
// A loader that insists on a path: /proc/self/fd/N leads to the sealed copy, whatever becomes of the file.
std::string from_path(const modelsig_model *model, const char *name) {
    modelsig_error *error = nullptr;
    int32_t fd = -1;
    check(modelsig_model_fd(model, name, &fd, nullptr, &error), &error);
    std::ifstream file("/proc/self/fd/" + std::to_string(fd), std::ios::binary);
    std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    close(fd);
    return header_of(reinterpret_cast<const unsigned char *>(all.data()), all.size());
}
#endif

bool ends_with(const std::string &name, const std::string &ending) {
    return name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) {
        std::fprintf(stderr, "usage: loader MODEL BUNDLE PUBLIC_KEY_FILE [NAME]\n");
        return 2;
    }
    try {
        std::ifstream file(argv[3]);
        std::string key((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        Model model = open(argv[1], argv[2], key);
        for (std::uint64_t index = 0; index < modelsig_model_count(model.get()); index++) {
            std::string name = modelsig_model_name(model.get(), index);
            if (argc == 5 ? name != argv[4] : !ends_with(name, ".safetensors") && !ends_with(name, ".gguf")) {
                continue;
            }
            std::string header = from_bytes(model.get(), name.c_str());
#ifdef __linux__
            if (from_path(model.get(), name.c_str()) != header) {
                throw std::runtime_error(name + ": two headers");
            }
#endif
            std::printf("%s: %s\n", name.c_str(), header.c_str());
        }
    } catch (const std::exception &failure) {
        std::fprintf(stderr, "not loaded: %s\n", failure.what());
        return 1;
    }
    return 0;
}
