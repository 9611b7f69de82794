/* Whom to trust, and the calls that verify all of a model. */
#include "check.h"

static void keys_and_anchors(const given *it) {
    static const unsigned char zeros[200] = {0};
    modelsig_verifier *verifier = NULL;
    modelsig_source *bundle = at_path(it->bundle);
    int certificates = strstr(modelsig_features(), "certificate") != NULL;

    OK(modelsig_verifier_new(&verifier, &error));
    REFUSED(modelsig_verifier_verify(verifier, it->model, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);

    REFUSED(modelsig_verifier_add_key_pem(verifier, "no key", &error), MODELSIG_STATUS_KEY);
    REFUSED(modelsig_verifier_add_key_pem(verifier, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_key_pem(NULL, it->key, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_key_raw(verifier, MODELSIG_KEY_ED25519, zeros, 31, &error), MODELSIG_STATUS_KEY);
    REFUSED(modelsig_verifier_add_key_raw(verifier, MODELSIG_KEY_P256, zeros, 65, &error), MODELSIG_STATUS_KEY);
    REFUSED(modelsig_verifier_add_key_raw(verifier, MODELSIG_KEY_P384, zeros, 0, &error), MODELSIG_STATUS_KEY);
    REFUSED(modelsig_verifier_add_key_raw(verifier, MODELSIG_KEY_P521, NULL, 0, &error), MODELSIG_STATUS_KEY);
    REFUSED(modelsig_verifier_add_key_raw(verifier, 0, zeros, 32, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_key_raw(verifier, 5, zeros, 32, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_key_raw(verifier, MODELSIG_KEY_ED25519, NULL, 32, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_key_raw(verifier, MODELSIG_KEY_ED25519, zeros, (size_t)-1, &error),
            MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_anchors(verifier, "no certificate", &error),
            certificates ? MODELSIG_STATUS_KEY : MODELSIG_STATUS_UNSUPPORTED);
    REFUSED(modelsig_verifier_add_identity(verifier, "", &error),
            certificates ? MODELSIG_STATUS_USAGE : MODELSIG_STATUS_UNSUPPORTED);
    REFUSED(modelsig_verifier_verify(verifier, it->model, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);

    /* Any one of several keys is enough, and the order is of no importance. */
    OK(modelsig_verifier_add_key_pem(verifier, it->other_key, &error));
    REFUSED(modelsig_verifier_verify(verifier, it->model, bundle, NULL, NULL, &error), MODELSIG_STATUS_UNTRUSTED);
    OK(modelsig_verifier_add_key_pem(verifier, it->key, &error));
    OK(modelsig_verifier_verify(verifier, it->model, bundle, NULL, NULL, &error));

    if (certificates) {
        OK(modelsig_verifier_add_identity(verifier, "somebody@example.com", &error));
        REFUSED(modelsig_verifier_verify(verifier, it->model, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    }
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
}

static void reports(const given *it) {
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_options options = defaults();
    char *report = (char *)1;

    OK(modelsig_verifier_verify(verifier, it->model, bundle, &options, &report, &error));
    CHECK(report != NULL && strstr(report, "\"verdict\":\"verified\"") != NULL && strstr(report, WEIGHTS) != NULL);
    modelsig_string_free(report);

    /* A bundle in memory does not lie in the model. */
    report = (char *)1;
    REFUSED(modelsig_verifier_verify(verifier, "/no/such/place", bundle, &options, &report, &error),
            MODELSIG_STATUS_NOT_FOUND);
    CHECK(report == NULL);

    /* A limit that the model does not keep. */
    options.max_model_bytes = 1;
    REFUSED(modelsig_verifier_verify(verifier, it->model, bundle, &options, NULL, &error), MODELSIG_STATUS_LIMIT);

    /* Of what is rejected the error has the report. */
    {
        modelsig_source *changed;
        modelsig_error *error = stale();
        unsigned char *copy = malloc(it->length);
        size_t place = it->length / 2;
        memcpy(copy, it->weights, it->length);
        copy[place] ^= 1;
        changed = in_memory(copy, it->length);
        CHECK(modelsig_verifier_verify_resource(verifier, bundle, WEIGHTS, changed, NULL, &report, &error) ==
              MODELSIG_STATUS_MISMATCH);
        CHECK(report == NULL);
        CHECK(modelsig_error_report(error) != NULL && strstr(modelsig_error_report(error), "\"rejected\"") != NULL);
        CHECK(same(modelsig_error_path(error), WEIGHTS));
        CHECK(modelsig_error_offset(error) <= place && place - modelsig_error_offset(error) < 1048576);
        CHECK(it->length <= 1048576 || modelsig_error_offset(error) > 0);
        modelsig_error_free(error);
        modelsig_source_free(changed);
        free(copy);
    }
    CHECK(modelsig_error_report(NULL) == NULL && modelsig_error_offset(NULL) == MODELSIG_NO_OFFSET);
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
}

static void inspection(const given *it) {
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_source *nonsense = in_memory("{}", 2);
    modelsig_source *nothing = in_memory(NULL, 0);
    char *json = NULL;
    OK(modelsig_inspect(bundle, &json, &error));
    CHECK(json != NULL && strstr(json, "\"trusted\":false") != NULL && strstr(json, WEIGHTS) != NULL);
    modelsig_string_free(json);
    REFUSED(modelsig_inspect(nonsense, &json, &error), MODELSIG_STATUS_MALFORMED);
    CHECK(json == NULL);
    REFUSED(modelsig_inspect(nothing, &json, &error), MODELSIG_STATUS_MALFORMED);
    REFUSED(modelsig_inspect(NULL, &json, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_inspect(bundle, NULL, &error), MODELSIG_STATUS_USAGE);
    modelsig_source_free(bundle);
    modelsig_source_free(nonsense);
    modelsig_source_free(nothing);
}

/* NULL in each place where it is not allowed, and where it is. */
static void null_everywhere(const given *it) {
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_source *source = (modelsig_source *)1;
    modelsig_model *model = (modelsig_model *)1;
    modelsig_bytes *bytes = NULL;
    modelsig_stream *stream = NULL;
    const char *name = WEIGHTS;
    const modelsig_source *content = bundle;
    const char *no_name = NULL;
    const modelsig_source *no_source = NULL;
    uint64_t length = 7;
    int32_t fd = 7;
    char *json = NULL;
    char byte = 0;

    REFUSED(modelsig_verifier_new(NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_anchors(NULL, it->key, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_anchors(verifier, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_identity(NULL, "x", &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_add_identity(verifier, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_cancel_new(NULL, &error), MODELSIG_STATUS_USAGE);
    modelsig_cancel_request(NULL);
    CHECK(modelsig_cancel_requested(NULL) == 0);

    REFUSED(modelsig_source_from_path(NULL, &source, &error), MODELSIG_STATUS_USAGE);
    CHECK(source == NULL);
    REFUSED(modelsig_source_from_path("x", NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_path_part(NULL, 0, 1, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_path_part("x", 0, 1, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_fd(0, 0, 1, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_buffer(NULL, 1, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_buffer(&byte, (size_t)-1, &source, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_source_from_buffer(&byte, 1, NULL, &error), MODELSIG_STATUS_USAGE);

    REFUSED(modelsig_verifier_verify(NULL, it->model, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_verify(verifier, NULL, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_verify(verifier, it->model, NULL, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_verify_resource(NULL, bundle, name, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_verify_resource(verifier, NULL, name, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_verify_resource(verifier, bundle, NULL, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_verify_resource(verifier, bundle, name, NULL, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_open(NULL, it->model, bundle, NULL, &model, &error), MODELSIG_STATUS_USAGE);
    CHECK(model == NULL);
    REFUSED(modelsig_verifier_open(verifier, it->model, bundle, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_open_resources(verifier, bundle, NULL, &content, 1, NULL, &model, &error),
            MODELSIG_STATUS_USAGE);
    CHECK(model == NULL);
    REFUSED(modelsig_verifier_open_resources(verifier, bundle, &name, NULL, 1, NULL, &model, &error),
            MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_open_resources(verifier, bundle, &no_name, &content, 1, NULL, &model, &error),
            MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_open_resources(verifier, bundle, &name, &no_source, 1, NULL, &model, &error),
            MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_verifier_open_resources(verifier, bundle, &name, &content, (size_t)-1, NULL, &model, &error),
            MODELSIG_STATUS_USAGE);

    model = opened(it, NULL);
    CHECK(modelsig_model_count(NULL) == 0 && modelsig_model_name(NULL, 0) == NULL);
    REFUSED(modelsig_model_length(NULL, name, &length, &error), MODELSIG_STATUS_USAGE);
    CHECK(length == 0);
    REFUSED(modelsig_model_length(model, NULL, &length, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_length(model, name, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_read(NULL, name, 0, &byte, 1, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_read(model, NULL, 0, &byte, 1, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_read(model, name, 0, NULL, 1, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_read(model, name, 0, &byte, (size_t)-1, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_load(NULL, name, &bytes, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_load(model, NULL, &bytes, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_load(model, name, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_load_tensor(NULL, NULL, "t", &bytes, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_load_tensor(model, NULL, NULL, &bytes, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_load_tensor(model, NULL, "t", NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_fd(NULL, name, &fd, NULL, &error), MODELSIG_STATUS_USAGE);
    CHECK(fd == -1);
    REFUSED(modelsig_model_fd(model, NULL, &fd, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_fd(model, name, NULL, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_load_all(NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_report(NULL, &json, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_report(model, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_tensors(NULL, &json, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_tensors(model, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_stream(NULL, name, &stream, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_stream(model, NULL, &stream, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_model_stream(model, name, NULL, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_stream_update(NULL, &byte, 1, &error), MODELSIG_STATUS_USAGE);
    REFUSED(modelsig_stream_finish(NULL, &error), MODELSIG_STATUS_USAGE);
    CHECK(modelsig_stream_verified(NULL) == 0);
    CHECK(modelsig_bytes_data(NULL) == NULL && modelsig_bytes_length(NULL) == 0);
    CHECK(modelsig_bytes_protection(NULL) == 0);
    /* Nobody has to ask for the error. */
    CHECK(modelsig_model_load_all(NULL, NULL) == MODELSIG_STATUS_USAGE);

    modelsig_model_free(model);
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
    modelsig_error_free(NULL);
    modelsig_verifier_free(NULL);
    modelsig_source_free(NULL);
    modelsig_model_free(NULL);
    modelsig_bytes_free(NULL);
    modelsig_stream_free(NULL);
    modelsig_cancel_free(NULL);
    modelsig_string_free(NULL);
}
