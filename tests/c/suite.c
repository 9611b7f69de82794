/*
 * suite MODEL BUNDLE PUBLIC_KEY_FILE OTHER_PUBLIC_KEY_FILE
 *
 * What the header promises about NULL, errors, ownership and versions, asked from C. MODEL is signed by the first key.
 * Prints "N passed, N failed" and ends with 1 if any failed.
 */
#include "modelsig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text_file.h"

static int passed = 0;
static int failed = 0;

static void count(int holds, const char *what, int line) {
    if (holds) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "suite.c:%d: does not hold: %s\n", line, what);
    }
}

#define CHECK(condition) count((condition) ? 1 : 0, #condition, __LINE__)

/* Something that is no error: a call must neither read it nor leave it in place. */
static modelsig_error *stale(void) {
    static char bytes[64];
    memset(bytes, 0xa5, sizeof bytes);
    return (modelsig_error *)(void *)bytes;
}

static int same(const char *one, const char *other) {
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/* Verifies, and checks that the call fails with `expected`, with an error about `path` whose message has `word`. */
static void check_refused(const char *model, const char *bundle, const char *key, modelsig_status expected,
                          const char *path, const char *word, int line) {
    modelsig_error *error = stale();
    modelsig_status status = modelsig_verify(model, bundle, key, &error);

    count(status == expected, "the status is the expected one", line);
    count(error != NULL && error != stale(), "there is an error", line);
    if (error == NULL || error == stale()) {
        return;
    }
    count(modelsig_error_code(error) == status, "the error has the status of the call", line);
    count(same(modelsig_error_path(error), path), "the error has the expected path", line);
    count(strstr(modelsig_error_message(error), word) != NULL, modelsig_error_message(error), line);
    modelsig_error_free(error);

    count(modelsig_verify(model, bundle, key, NULL) == expected, "it is refused without an error too", line);
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

int main(int argc, char **argv) {
    char *key;
    char *other_key;

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

    versions();
    what_holds_is_verified(argv[1], argv[2], key);
    null_is_refused(argv[1], argv[2], key);
    an_error_may_be_null();
    missing_files(argv[1], argv[2], key);
    bad_bundles(argv[1], key, argv[3]);
    bad_keys(argv[1], argv[2]);
    somebody_elses_key(argv[1], argv[2], other_key);

    free(key);
    free(other_key);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
