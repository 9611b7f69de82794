/* Counting what holds, and what the parts of the suite share. */
#ifndef SUITE_CHECK_H
#define SUITE_CHECK_H

#include "modelsig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int passed = 0;
static int failed = 0;

static void count(int holds, const char *what, const char *file, int line) {
    if (holds) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    }
}

#define CHECK(condition) count((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* What the suite was given. */
typedef struct {
    const char *model;
    const char *bundle;
    const char *key;
    const char *other_key;
    /* The largest file of the model, weights.bin, and its bytes. */
    unsigned char *weights;
    size_t length;
} given;

static const char WEIGHTS[] = "weights.bin";

/* Something that is no error: a call must neither read it nor leave it in place. */
static modelsig_error *stale(void) {
    static char bytes[64];
    memset(bytes, 0xa5, sizeof bytes);
    return (modelsig_error *)(void *)bytes;
}

static int same(const char *one, const char *other) {
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/* The status of a call that must fail, whose error says the same. Frees the error. */
static modelsig_status refusal(modelsig_status status, modelsig_error *error, const char *file, int line) {
    count(error != NULL && error != stale(), "there is an error", file, line);
    if (error != NULL && error != stale()) {
        count(modelsig_error_code(error) == status, "the error has the status of the call", file, line);
        count(strlen(modelsig_error_message(error)) > 0, "the error has a message", file, line);
        modelsig_error_free(error);
    }
    return status;
}

/* `call` mentions a variable `error`. */
#define REFUSED(call, expected)                                                                  \
    do {                                                                                         \
        modelsig_error *error = stale();                                                         \
        modelsig_status found = (call);                                                          \
        if (found != (expected)) {                                                               \
            fprintf(stderr, "found %d instead of %d: %s\n", (int)found, (int)(expected),         \
                    found == 0 ? "" : modelsig_error_message(error));                            \
        }                                                                                        \
        count(found == (expected), #call " is " #expected, __FILE__, __LINE__);                  \
        if (found != MODELSIG_STATUS_OK) {                                                       \
            (void)refusal(found, error, __FILE__, __LINE__);                                     \
        }                                                                                        \
    } while (0)

/* The same for what must succeed. */
#define OK(call)                                                                                 \
    do {                                                                                         \
        modelsig_error *error = stale();                                                         \
        modelsig_status found = (call);                                                          \
        count(found == MODELSIG_STATUS_OK, #call, __FILE__, __LINE__);                           \
        if (found != MODELSIG_STATUS_OK) {                                                       \
            fprintf(stderr, "%d: %s\n", (int)found, modelsig_error_message(error));              \
            modelsig_error_free(error);                                                          \
        } else {                                                                                 \
            count(error == NULL, "there is no error", __FILE__, __LINE__);                       \
        }                                                                                        \
    } while (0)

static modelsig_verifier *trusting(const char *key) {
    modelsig_verifier *verifier = NULL;
    OK(modelsig_verifier_new(&verifier, &error));
    OK(modelsig_verifier_add_key_pem(verifier, key, &error));
    return verifier;
}

static modelsig_source *at_path(const char *path) {
    modelsig_source *source = NULL;
    OK(modelsig_source_from_path(path, &source, &error));
    return source;
}

static modelsig_source *in_memory(const void *data, size_t length) {
    modelsig_source *source = NULL;
    OK(modelsig_source_from_buffer(data, length, &source, &error));
    return source;
}

static modelsig_options defaults(void) {
    modelsig_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

/* A model that was opened with the right key, or NULL. */
static modelsig_model *opened(const given *it, const modelsig_options *options) {
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_model *model = NULL;
    OK(modelsig_verifier_open(verifier, it->model, bundle, options, &model, &error));
    /* It needs neither of them any more. */
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
    return model;
}

#endif
