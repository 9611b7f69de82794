/* The options, of this header, of an older one, and of a newer one. */
#include "check.h"

#include <stddef.h>

static modelsig_status with(const given *it, const modelsig_options *options, modelsig_error **error) {
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_status status = modelsig_verifier_verify(verifier, it->model, bundle, options, NULL, error);
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
    return status;
}

static void sizes_of_options(const given *it) {
    struct {
        modelsig_options known;
        uint64_t more[4];
    } newer;
    modelsig_options options = defaults();

    OK(with(it, NULL, &error));
    OK(with(it, &options, &error));

    /* An older caller: what lies behind its structure is none of the library's business. */
    memset(&options, 0xff, sizeof options);
    options.progress = NULL;
    options.cancel = NULL;
    options.max_copy_bytes = options.max_model_bytes = 0;
    options.struct_size = offsetof(modelsig_options, threads);
    OK(with(it, &options, &error));
    options = defaults();
    options.struct_size = offsetof(modelsig_options, threads);
    options.threads = 0xffffffff;
    options.check = options.min_protection = options.flags = 0xffffffff;
    OK(with(it, &options, &error));

    /* A newer caller, that asks for nothing new and then for something. */
    memset(&newer, 0, sizeof newer);
    newer.known.struct_size = sizeof newer;
    OK(with(it, &newer.known, &error));
    newer.more[3] = 1;
    REFUSED(with(it, &newer.known, &error), MODELSIG_STATUS_UNSUPPORTED);

    /* The size of a pointer, and whatever else is less than any header had. */
    options = defaults();
    options.struct_size = sizeof &options;
    REFUSED(with(it, &options, &error), MODELSIG_STATUS_USAGE);
    options.struct_size = offsetof(modelsig_options, threads) - 1;
    REFUSED(with(it, &options, &error), MODELSIG_STATUS_USAGE);

    /* No size at all: a structure that was only filled with zeros, or with anything. */
    memset(&options, 0, sizeof options);
    REFUSED(with(it, &options, &error), MODELSIG_STATUS_USAGE);
    memset(&options, 0xff, sizeof options);
    REFUSED(with(it, &options, &error), MODELSIG_STATUS_USAGE);
}

static void values_of_options(const given *it) {
    static const uint32_t checks[] = {MODELSIG_CHECK_CHUNKS, MODELSIG_CHECK_WHOLE, MODELSIG_CHECK_BOTH};
    static const uint32_t threads[] = {0, 1, 2, 3};
    modelsig_options options;
    size_t i;

    for (i = 0; i < sizeof checks / sizeof *checks; i++) {
        options = defaults();
        options.check = checks[i];
        OK(with(it, &options, &error));
    }
    for (i = 0; i < sizeof threads / sizeof *threads; i++) {
        options = defaults();
        options.threads = threads[i];
        OK(with(it, &options, &error));
    }
    options = defaults();
    options.flags = MODELSIG_FAIL_FAST | MODELSIG_STRICT_GIT | MODELSIG_REFUSE_BUNDLE_IGNORES;
    OK(with(it, &options, &error));

    options = defaults();
    options.check = 3;
    REFUSED(with(it, &options, &error), MODELSIG_STATUS_USAGE);
    options = defaults();
    options.flags = 0x80000000;
    REFUSED(with(it, &options, &error), MODELSIG_STATUS_USAGE);
    options = defaults();
    options.min_protection = MODELSIG_PROTECTION_UNPROTECTED;
    REFUSED(with(it, &options, &error), MODELSIG_STATUS_USAGE);
    options.min_protection = MODELSIG_PROTECTION_KERNEL + 1;
    REFUSED(with(it, &options, &error), MODELSIG_STATUS_USAGE);
}
