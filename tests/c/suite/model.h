/* What is handed out of an opened model. */
#include "check.h"

#if !defined(_WIN32)
#include <unistd.h>
#endif

static void names_and_lengths(const given *it) {
    modelsig_model *model = opened(it, NULL);
    uint64_t index, seen = 0, length = 0;
    char *report = NULL;

    for (index = 0; index < modelsig_model_count(model); index++) {
        const char *name = modelsig_model_name(model, index);
        CHECK(name != NULL && (index == 0 || strcmp(modelsig_model_name(model, index - 1), name) < 0));
        seen += same(name, WEIGHTS) ? 1 : 0;
        OK(modelsig_model_length(model, name, &length, &error));
    }
    CHECK(seen == 1);
    CHECK(modelsig_model_name(model, index) == NULL && modelsig_model_name(model, UINT64_MAX) == NULL);
    REFUSED(modelsig_model_length(model, "no such file", &length, &error), MODELSIG_STATUS_UNSIGNED);
    OK(modelsig_model_report(model, &report, &error));
    CHECK(report != NULL && strstr(report, "\"verdict\":\"opened\"") != NULL);
    modelsig_string_free(report);
    modelsig_model_free(model);
}

static void reading(const given *it) {
    static const size_t lengths[] = {0, 1, 2, 4096, 100000};
    modelsig_model *model = opened(it, NULL);
    unsigned char *buffer = malloc(100000);
    size_t i;

    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t length = lengths[i], from[3], k;
        from[0] = 0;
        from[1] = it->length / 2 - length / 2;
        from[2] = it->length - length;
        for (k = 0; k < 3; k++) {
            memset(buffer, 0xa5, 100000);
            OK(modelsig_model_read(model, WEIGHTS, from[k], buffer, length, &error));
            CHECK(memcmp(buffer, it->weights + from[k], length) == 0);
            CHECK(length == 100000 || buffer[length] == 0xa5);
        }
    }
    OK(modelsig_model_read(model, WEIGHTS, 0, NULL, 0, &error));
    /* Out of the file: nothing is written. */
    memset(buffer, 0xa5, 2);
    REFUSED(modelsig_model_read(model, WEIGHTS, it->length - 1, buffer, 2, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_read(model, WEIGHTS, it->length, buffer, 1, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_read(model, WEIGHTS, UINT64_MAX, buffer, 1, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_read(model, WEIGHTS, UINT64_MAX - 1, buffer, 2, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_read(model, "no such file", 0, buffer, 1, &error), MODELSIG_STATUS_UNSIGNED);
    CHECK(buffer[0] == 0xa5 && buffer[1] == 0xa5);
    free(buffer);
    modelsig_model_free(model);
}

static void loading(const given *it) {
    modelsig_model *model = opened(it, NULL);
    modelsig_bytes *one = NULL, *other = NULL;
    char *report = NULL;

    OK(modelsig_model_load(model, WEIGHTS, &one, &error));
    CHECK(modelsig_bytes_protection(one) >= MODELSIG_PROTECTION_PRIVATE);
    OK(modelsig_model_load_all(model, &error));
    OK(modelsig_model_load_all(model, &error));
    OK(modelsig_model_load(model, WEIGHTS, &other, &error));
    OK(modelsig_model_report(model, &report, &error));
    CHECK(strstr(report, "\"verdict\":\"verified\"") != NULL);
    modelsig_string_free(report);
    /* They outlive the model. */
    modelsig_model_free(model);
    CHECK(modelsig_bytes_length(one) == it->length && modelsig_bytes_length(other) == it->length);
    CHECK(memcmp(modelsig_bytes_data(one), it->weights, it->length) == 0);
    CHECK(memcmp(modelsig_bytes_data(other), it->weights, it->length) == 0);
    modelsig_bytes_free(other);
    modelsig_bytes_free(one);
}

static int has(const modelsig_model *model, const char *name) {
    uint64_t index;
    for (index = 0; index < modelsig_model_count(model); index++) {
        if (same(modelsig_model_name(model, index), name)) {
            return 1;
        }
    }
    return 0;
}

/* tiny.safetensors, where the model has one, holds "t": four bytes, 1 2 3 4. */
static void tensors(const given *it) {
    const char *file = "tiny.safetensors";
    modelsig_model *model = opened(it, NULL);
    modelsig_bytes *bytes = NULL;
    char *json = NULL;

    if (strstr(modelsig_features(), "tensors") == NULL) {
        REFUSED(modelsig_model_tensors(model, &json, &error), MODELSIG_STATUS_UNSUPPORTED);
        REFUSED(modelsig_model_load_tensor(model, NULL, "t", &bytes, &error), MODELSIG_STATUS_UNSUPPORTED);
        REFUSED(modelsig_model_load_tensor(model, file, "t", &bytes, &error), MODELSIG_STATUS_UNSUPPORTED);
        modelsig_model_free(model);
        return;
    }
    OK(modelsig_model_tensors(model, &json, &error));
    CHECK(json != NULL && json[0] == '[');
    if (has(model, file)) {
        CHECK(strstr(json, "\"t\"") != NULL);
        OK(modelsig_model_load_tensor(model, NULL, "t", &bytes, &error));
        CHECK(modelsig_bytes_length(bytes) == 4 && memcmp(modelsig_bytes_data(bytes), "\1\2\3\4", 4) == 0);
        modelsig_bytes_free(bytes);
        OK(modelsig_model_load_tensor(model, file, "t", &bytes, &error));
        modelsig_bytes_free(bytes);
        REFUSED(modelsig_model_load_tensor(model, file, "u", &bytes, &error), MODELSIG_STATUS_MISSING);
    }
    modelsig_string_free(json);
    REFUSED(modelsig_model_load_tensor(model, NULL, "no such tensor", &bytes, &error), MODELSIG_STATUS_MISSING);
    REFUSED(modelsig_model_load_tensor(model, "no such file", "t", &bytes, &error), MODELSIG_STATUS_UNSIGNED);
    REFUSED(modelsig_model_load_tensor(model, WEIGHTS, "t", &bytes, &error), MODELSIG_STATUS_MISSING);
    CHECK(bytes == NULL);
    modelsig_model_free(model);
}

static void protections(const given *it) {
    modelsig_options options = defaults();
    modelsig_model *model;
    modelsig_bytes *bytes = NULL;

    /* No more than so much is copied, and a file in a folder of anybody's cannot be used in place. */
    options.max_copy_bytes = 10;
    options.min_protection = MODELSIG_PROTECTION_SEALED;
    model = opened(it, &options);
    REFUSED(modelsig_model_load(model, WEIGHTS, &bytes, &error), MODELSIG_STATUS_POLICY);
    CHECK(bytes == NULL);
    modelsig_model_free(model);
#if defined(__linux__)
    options.max_copy_bytes = 0;
    model = opened(it, &options);
    OK(modelsig_model_load(model, WEIGHTS, &bytes, &error));
    CHECK(modelsig_bytes_protection(bytes) >= MODELSIG_PROTECTION_SEALED);
    CHECK(memcmp(modelsig_bytes_data(bytes), it->weights, it->length) == 0);
    modelsig_bytes_free(bytes);
    {
        unsigned char some[16];
        uint32_t protection = 0;
        int32_t fd = -1;
        OK(modelsig_model_fd(model, WEIGHTS, &fd, &protection, &error));
        CHECK(fd >= 0 && protection >= MODELSIG_PROTECTION_SEALED);
        modelsig_model_free(model);
        CHECK(read(fd, some, sizeof some) == sizeof some && memcmp(some, it->weights, sizeof some) == 0);
        CHECK(write(fd, some, 1) == -1);
        CHECK(ftruncate(fd, 0) == -1);
        CHECK(lseek(fd, 0, SEEK_END) == (off_t)it->length);
        close(fd);
    }
#endif
}
