/*
 * suite MODEL BUNDLE PUBLIC_KEY_FILE OTHER_PUBLIC_KEY_FILE
 *
 * What the header promises, asked from C. MODEL is a folder with weights.bin, a file of some megabytes that is signed in
 * several chunks, at least one more file, and perhaps tiny.safetensors; it is signed by the first key.
 * Prints "N passed, N failed" and ends with 1 if any failed.
 *
 * Compiled with MODELSIG_TEST_HOOKS, against a library with the cargo feature test-hooks, it also asks for a panic.
 */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#if defined(__linux__)
#define _FILE_OFFSET_BITS 64
#endif

#include "suite/calls.h"
#include "suite/check.h"
#include "suite/model.h"
#include "suite/options.h"
#include "suite/source.h"
#include "suite/stream.h"
#include "suite/verifier.h"
#include "text_file.h"

/* Verifies, and checks that the call fails with `expected`, with an error about `path` whose message has `word`. */
static void check_refused(const char *model, const char *bundle, const char *key, modelsig_status expected,
                          const char *path, const char *word, int line) {
    modelsig_error *error = stale();
    modelsig_status status = modelsig_verify(model, bundle, key, &error);

    count(status == expected, "the status is the expected one", __FILE__, line);
    count(error != NULL && error != stale(), "there is an error", __FILE__, line);
    if (error == NULL || error == stale()) {
        return;
    }
    count(modelsig_error_code(error) == status, "the error has the status of the call", __FILE__, line);
    count(same(modelsig_error_path(error), path), "the error has the expected path", __FILE__, line);
    count(strstr(modelsig_error_message(error), word) != NULL, modelsig_error_message(error), __FILE__, line);
    modelsig_error_free(error);

    count(modelsig_verify(model, bundle, key, NULL) == expected, "it is refused without an error too", __FILE__, line);
}

#define CHECK_REFUSED(model, bundle, key, expected, path, word) \
    check_refused(model, bundle, key, expected, path, word, __LINE__)

static void versions(void) {
    char version[64];
    sprintf(version, "%d.%d.%d", MODELSIG_VERSION_MAJOR, MODELSIG_VERSION_MINOR, MODELSIG_VERSION_PATCH);
    CHECK(same(modelsig_version(), version));
    CHECK(modelsig_abi_version() == MODELSIG_ABI_VERSION);
    CHECK(modelsig_sha256_kernel() != NULL && strlen(modelsig_sha256_kernel()) > 0);
    CHECK(modelsig_sha256_kernel() == modelsig_sha256_kernel());
    CHECK(modelsig_features() != NULL && modelsig_features() == modelsig_features());
}

static void what_holds_is_verified(const char *model, const char *bundle, const char *key) {
    modelsig_error *error = stale();
    CHECK(modelsig_verify(model, bundle, key, &error) == MODELSIG_STATUS_OK);
    CHECK(error == NULL);
    CHECK(modelsig_verify(model, bundle, key, NULL) == MODELSIG_STATUS_OK);
}

static void null_is_refused(const char *model, const char *bundle, const char *key) {
    CHECK_REFUSED(NULL, bundle, key, MODELSIG_STATUS_USAGE, NULL, "model_path");
    CHECK_REFUSED(model, NULL, key, MODELSIG_STATUS_USAGE, NULL, "bundle_path");
    CHECK_REFUSED(model, bundle, NULL, MODELSIG_STATUS_USAGE, NULL, "public_key_pem");
    CHECK_REFUSED(NULL, NULL, NULL, MODELSIG_STATUS_USAGE, NULL, "NULL");
}

static void an_error_may_be_null(void) {
    CHECK(modelsig_error_code(NULL) == MODELSIG_STATUS_USAGE);
    CHECK(modelsig_error_message(NULL) != NULL);
    CHECK(modelsig_error_path(NULL) == NULL);
    modelsig_error_free(NULL);
}

static void missing_files(const char *model, const char *bundle, const char *key) {
    const char *nowhere = "/no/such/place";
    CHECK_REFUSED(nowhere, bundle, key, MODELSIG_STATUS_NOT_FOUND, nowhere, nowhere);
    CHECK_REFUSED(model, nowhere, key, MODELSIG_STATUS_NOT_FOUND, nowhere, nowhere);
    CHECK_REFUSED("", bundle, key, MODELSIG_STATUS_NOT_FOUND, "", "");
    CHECK_REFUSED(model, "", key, MODELSIG_STATUS_NOT_FOUND, "", "");
}

static void bad_bundles(const char *model, const char *key, const char *key_file) {
    CHECK_REFUSED(model, key_file, key, MODELSIG_STATUS_MALFORMED, key_file, key_file);
}

static void bad_keys(const char *model, const char *bundle) {
    const char *of_another_kind = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const char *damaged = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    CHECK_REFUSED(model, bundle, "", MODELSIG_STATUS_KEY, NULL, "PEM");
    CHECK_REFUSED(model, bundle, "not a key", MODELSIG_STATUS_KEY, NULL, "PEM");
    CHECK_REFUSED(model, bundle, of_another_kind, MODELSIG_STATUS_KEY, NULL, "CERTIFICATE");
    CHECK_REFUSED(model, bundle, damaged, MODELSIG_STATUS_KEY, NULL, "malformed");
    CHECK_REFUSED(model, bundle, "\xff\xfe", MODELSIG_STATUS_USAGE, NULL, "UTF-8");
}

static void somebody_elses_key(const char *model, const char *bundle, const char *other_key) {
    CHECK_REFUSED(model, bundle, other_key, MODELSIG_STATUS_UNTRUSTED, bundle, "another key");
}

/* Reads the weights. Not NULL unless they are not there. */
static unsigned char *read_weights(const char *model, size_t *length) {
    char path[4096];
    unsigned char *bytes = NULL;
    FILE *file;
    if (strlen(model) + 1 + sizeof WEIGHTS > sizeof path) {
        return NULL;
    }
    sprintf(path, "%s/%s", model, WEIGHTS);
    file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) > 200000) {
        *length = (size_t)ftell(file);
        rewind(file);
        bytes = malloc(*length);
        if (bytes != NULL && fread(bytes, 1, *length, file) != *length) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

int main(int argc, char **argv) {
    char *key;
    char *other_key;
    given it;

    if (argc != 5) {
        fprintf(stderr, "usage: suite MODEL BUNDLE PUBLIC_KEY_FILE OTHER_PUBLIC_KEY_FILE\n");
        return 2;
    }
    key = text_file(argv[3]);
    other_key = text_file(argv[4]);
    if (key == NULL || other_key == NULL) {
        fprintf(stderr, "cannot read the keys\n");
        free(key);
        free(other_key);
        return 2;
    }

    it.model = argv[1];
    it.bundle = argv[2];
    it.key = key;
    it.other_key = other_key;
    it.weights = read_weights(it.model, &it.length);
    if (it.weights == NULL) {
        fprintf(stderr, "the model has no weights.bin of more than 200,000 bytes\n");
        free(key);
        free(other_key);
        return 2;
    }

    versions();
    what_holds_is_verified(argv[1], argv[2], key);
    null_is_refused(argv[1], argv[2], key);
    an_error_may_be_null();
    missing_files(argv[1], argv[2], key);
    bad_bundles(argv[1], key, argv[3]);
    bad_keys(argv[1], argv[2]);
    somebody_elses_key(argv[1], argv[2], other_key);

    keys_and_anchors(&it);
    reports(&it);
    inspection(&it);
    null_everywhere(&it);
    sizes_of_options(&it);
    values_of_options(&it);
    memory(&it);
    bundles(&it);
    ranges();
    names_and_lengths(&it);
    reading(&it);
    loading(&it);
    tensors(&it);
    protections(&it);
    streaming(&it);
    progress(&it);
    cancelling(&it);
#if !defined(_WIN32)
    descriptors(&it);
    parts(&it);
    eight_threads(&it);
    another_thread_cancels(&it);
#endif
#if defined(MODELSIG_TEST_HOOKS)
    panics();
#endif

    free(it.weights);
    free(key);
    free(other_key);
    printf("kernel %s\n%d passed, %d failed\n", modelsig_sha256_kernel(), passed, failed);
    return failed == 0 ? 0 : 1;
}
