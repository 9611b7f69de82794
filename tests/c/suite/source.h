/* Content that lies in no folder: a part of a file, behind a descriptor, in memory. */
#include "check.h"

#if !defined(_WIN32)
#include <unistd.h>
#endif

static modelsig_status resource(const given *it, const char *name, const modelsig_source *content,
                                modelsig_error **error) {
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    char *report = NULL;
    modelsig_status status =
        modelsig_verifier_verify_resource(verifier, bundle, name, content, NULL, &report, error);
    if (status == MODELSIG_STATUS_OK) {
        CHECK(strstr(report, "\"verdict\":\"verified-part\"") != NULL);
        modelsig_string_free(report);
    } else {
        CHECK(report == NULL);
    }
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
    return status;
}

static void memory(const given *it) {
    modelsig_source *good = in_memory(it->weights, it->length);
    modelsig_source *shorter = in_memory(it->weights, it->length - 1);
    modelsig_source *nothing = in_memory(NULL, 0);
    const char *name = WEIGHTS;
    const modelsig_source *content = good;
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_model *model = NULL;

    OK(resource(it, WEIGHTS, good, &error));
    REFUSED(resource(it, WEIGHTS, shorter, &error), MODELSIG_STATUS_MISMATCH);
    REFUSED(resource(it, WEIGHTS, nothing, &error), MODELSIG_STATUS_MISMATCH);
    REFUSED(resource(it, "weights", good, &error), MODELSIG_STATUS_UNSIGNED);
    REFUSED(resource(it, "../weights.bin", good, &error), MODELSIG_STATUS_UNSIGNED);
    REFUSED(resource(it, "", good, &error), MODELSIG_STATUS_UNSIGNED);
    REFUSED(resource(it, "\xff", good, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_open_resources(verifier, bundle, &name, &content, 1, NULL, &model, &error),
            MODELSIG_STATUS_UNSUPPORTED);
    modelsig_source_free(good);
    modelsig_source_free(shorter);
    modelsig_source_free(nothing);
    modelsig_source_free(bundle);
    modelsig_verifier_free(verifier);
}

/* A bundle that is no file of its own. */
static void bundles(const given *it) {
    static char text[1 << 20];
    FILE *file = fopen(it->bundle, "rb");
    size_t length = fread(text, 1, sizeof text, file);
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = in_memory(text, length);
    fclose(file);
    CHECK(length < sizeof text);
    OK(modelsig_verifier_verify(verifier, it->model, bundle, NULL, NULL, &error));
    modelsig_source_free(bundle);
    text[length / 2] ^= 1;
    bundle = in_memory(text, length);
    {
        modelsig_error *error = NULL;
        modelsig_status status = modelsig_verifier_verify(verifier, it->model, bundle, NULL, NULL, &error);
        CHECK(status == MODELSIG_STATUS_BAD_SIGNATURE || status == MODELSIG_STATUS_MALFORMED ||
              status == MODELSIG_STATUS_UNTRUSTED);
        modelsig_error_free(error);
    }
    modelsig_source_free(bundle);
    modelsig_verifier_free(verifier);
}

static void ranges(void) {
    modelsig_source *source = NULL;
    const uint64_t highest = (uint64_t)1 << 63;
    REFUSED(modelsig_source_from_path_part("x", UINT64_MAX, 1, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_path_part("x", UINT64_MAX, MODELSIG_TO_END, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_path_part("x", highest, 0, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_path_part("x", 1, UINT64_MAX - 1, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_path_part("x", highest / 2, highest / 2, &source, &error), MODELSIG_STATUS_USAGE);
    CHECK(source == NULL);
#if defined(_WIN32)
    REFUSED(modelsig_source_from_fd(0, 0, 1, &source, &error), MODELSIG_STATUS_UNSUPPORTED);
#else
    REFUSED(modelsig_source_from_fd(-1, 0, 1, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_fd(0, UINT64_MAX, 1, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_fd(0, 1, UINT64_MAX - 1, &source, &error), MODELSIG_STATUS_USAGE);
    /* Far more than a process has. */
    REFUSED(modelsig_source_from_fd(99999, 0, 1, &source, &error), MODELSIG_STATUS_IO);
#endif
}

#if !defined(_WIN32)
/* Bytes before the weights in the container, so that they begin at no page and no block. */
enum { BEFORE = 12345, AFTER = 77 };

/* An archive with the weights inside, as an APK has them. To be closed by the caller. */
static FILE *container(const given *it) {
    FILE *file = tmpfile();
    int i;
    if (file == NULL) {
        return NULL;
    }
    for (i = 0; i < BEFORE; i++) {
        putc('x', file);
    }
    fwrite(it->weights, 1, it->length, file);
    for (i = 0; i < AFTER; i++) {
        putc('y', file);
    }
    fflush(file);
    return file;
}

static modelsig_source *behind(int fd, uint64_t offset, uint64_t length) {
    modelsig_source *source = NULL;
    OK(modelsig_source_from_fd(fd, offset, length, &source, &error));
    return source;
}

static void descriptors(const given *it) {
    FILE *file = container(it);
    int fd = file == NULL ? -1 : fileno(file);
    modelsig_source *source;
    const uint64_t far = (uint64_t)1 << 40;
    int ends[2];

    CHECK(fd >= 0);
    CHECK(lseek(fd, 99, SEEK_SET) == 99);
    source = behind(fd, BEFORE, it->length);
    OK(resource(it, WEIGHTS, source, &error));
    OK(resource(it, WEIGHTS, source, &error));
    /* It is the caller's: neither moved nor closed. */
    CHECK(lseek(fd, 0, SEEK_CUR) == 99);
    modelsig_source_free(source);
    CHECK(lseek(fd, 0, SEEK_CUR) == 99);

    source = behind(fd, BEFORE + 1, it->length);
    REFUSED(resource(it, WEIGHTS, source, &error), MODELSIG_STATUS_MISMATCH);
    modelsig_source_free(source);
    source = behind(fd, BEFORE, it->length + 1);
    REFUSED(resource(it, WEIGHTS, source, &error), MODELSIG_STATUS_MISMATCH);
    modelsig_source_free(source);
    source = behind(fd, BEFORE, MODELSIG_TO_END);
    REFUSED(resource(it, WEIGHTS, source, &error), MODELSIG_STATUS_MISMATCH);
    modelsig_source_free(source);
    source = behind(fd, BEFORE, it->length + AFTER + 1);
    REFUSED(resource(it, WEIGHTS, source, &error), MODELSIG_STATUS_USAGE);
    modelsig_source_free(source);
    source = behind(fd, far, 1);
    REFUSED(resource(it, WEIGHTS, source, &error), MODELSIG_STATUS_USAGE);
    modelsig_source_free(source);

    /* To the end, where the weights are the end. */
    CHECK(ftruncate(fd, (off_t)(BEFORE + it->length)) == 0);
    source = behind(fd, BEFORE, MODELSIG_TO_END);
    OK(resource(it, WEIGHTS, source, &error));
    /* The source has a descriptor of its own. */
    fclose(file);
    OK(resource(it, WEIGHTS, source, &error));
    modelsig_source_free(source);
    REFUSED(modelsig_source_from_fd(fd, 0, 1, &source, &error), MODELSIG_STATUS_IO);

    /* A pipe has no length and no second reading. */
    CHECK(pipe(ends) == 0);
    source = behind(ends[0], 0, MODELSIG_TO_END);
    REFUSED(resource(it, WEIGHTS, source, &error), MODELSIG_STATUS_IO);
    modelsig_source_free(source);
    close(ends[0]);
    close(ends[1]);
}

/* A model whose only content is an entry of an archive. */
static void parts(const given *it) {
    FILE *file = container(it);
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_source *source = behind(fileno(file), BEFORE, it->length);
    const char *names[2] = {WEIGHTS, WEIGHTS};
    const modelsig_source *contents[2];
    modelsig_model *model = NULL;
    modelsig_bytes *bytes = NULL;
    unsigned char some[100];
    uint64_t length = 0;
    int32_t fd = -1;
    uint32_t protection = 0;

    contents[0] = contents[1] = source;
    REFUSED(modelsig_verifier_open_resources(verifier, bundle, names, contents, 2, NULL, &model, &error),
            MODELSIG_STATUS_USAGE);
    OK(modelsig_verifier_open_resources(verifier, bundle, names, contents, 1, NULL, &model, &error));
    modelsig_source_free(source);
    modelsig_source_free(bundle);
    modelsig_verifier_free(verifier);
    fclose(file);

    CHECK(modelsig_model_count(model) > 1);
    OK(modelsig_model_length(model, WEIGHTS, &length, &error));
    CHECK(length == it->length);
    OK(modelsig_model_read(model, WEIGHTS, it->length - sizeof some, some, sizeof some, &error));
    CHECK(memcmp(some, it->weights + it->length - sizeof some, sizeof some) == 0);
    OK(modelsig_model_load(model, WEIGHTS, &bytes, &error));
    CHECK(modelsig_bytes_length(bytes) == it->length &&
          memcmp(modelsig_bytes_data(bytes), it->weights, it->length) == 0);
    modelsig_bytes_free(bytes);
    REFUSED(modelsig_model_load(model, "config.json", &bytes, &error), MODELSIG_STATUS_MISSING);
#if defined(__linux__)
    OK(modelsig_model_fd(model, WEIGHTS, &fd, &protection, &error));
    CHECK(protection == MODELSIG_PROTECTION_SEALED);
    CHECK(read(fd, some, sizeof some) == sizeof some && memcmp(some, it->weights, sizeof some) == 0);
    close(fd);
#endif
    (void)fd;
    (void)protection;
    modelsig_model_free(model);
}
#endif
