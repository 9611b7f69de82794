/* A file that arrives piece by piece. */
#include "check.h"

static void streaming(const given *it) {
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_model *model = NULL;
    modelsig_stream *stream = NULL;
    unsigned char *changed = malloc(it->length);
    size_t pieces[3], i, at;
    pieces[0] = 1000;
    pieces[1] = 1 << 20;
    pieces[2] = it->length;

    /* No file need be there. */
    OK(modelsig_verifier_open_resources(verifier, bundle, NULL, NULL, 0, NULL, &model, &error));
    REFUSED(modelsig_model_stream(model, "no such file", &stream, &error), MODELSIG_STATUS_UNSIGNED);
    CHECK(stream == NULL);
    for (i = 0; i < 3; i++) {
        int holds = 1;
        OK(modelsig_model_stream(model, WEIGHTS, &stream, &error));
        for (at = 0; at < it->length; at += pieces[i]) {
            size_t length = it->length - at < pieces[i] ? it->length - at : pieces[i];
            holds = holds && modelsig_stream_update(stream, it->weights + at, length, NULL) == MODELSIG_STATUS_OK;
            holds = holds && modelsig_stream_verified(stream) <= at + length;
        }
        CHECK(holds);
        OK(modelsig_stream_update(stream, NULL, 0, &error));
        OK(modelsig_stream_finish(stream, &error));
        CHECK(modelsig_stream_verified(stream) == it->length);
        REFUSED(modelsig_stream_finish(stream, &error), MODELSIG_STATUS_USAGE);
        REFUSED(modelsig_stream_update(stream, it->weights, 1, &error), MODELSIG_STATUS_USAGE);
        modelsig_stream_free(stream);
    }

    /* Cut short, and too long. */
    OK(modelsig_model_stream(model, WEIGHTS, &stream, &error));
    OK(modelsig_stream_update(stream, it->weights, it->length - 1, &error));
    REFUSED(modelsig_stream_finish(stream, &error), MODELSIG_STATUS_MISMATCH);
    modelsig_stream_free(stream);
    OK(modelsig_model_stream(model, WEIGHTS, &stream, &error));
    OK(modelsig_stream_update(stream, it->weights, it->length, &error));
    REFUSED(modelsig_stream_update(stream, "x", 1, &error), MODELSIG_STATUS_MISMATCH);
    REFUSED(modelsig_stream_finish(stream, &error), MODELSIG_STATUS_MISMATCH);
    modelsig_stream_free(stream);

    /* A bad byte is met in its chunk, long before the end. */
    memcpy(changed, it->weights, it->length);
    changed[it->length / 2] ^= 1;
    OK(modelsig_model_stream(model, WEIGHTS, &stream, &error));
    for (at = 0; at < it->length; at += 1000) {
        size_t length = it->length - at < 1000 ? it->length - at : 1000;
        modelsig_error *error = NULL;
        if (modelsig_stream_update(stream, changed + at, length, &error) != MODELSIG_STATUS_OK) {
            CHECK(modelsig_error_code(error) == MODELSIG_STATUS_MISMATCH);
            CHECK(modelsig_error_offset(error) <= it->length / 2);
            CHECK(modelsig_error_offset(error) == modelsig_stream_verified(stream));
            modelsig_error_free(error);
            break;
        }
    }
    CHECK(at >= it->length / 2 - 1000 && at < it->length / 2 + 1048576 && at < it->length - 1000);
    REFUSED(modelsig_stream_update(stream, it->weights, 1, &error), MODELSIG_STATUS_MISMATCH);
    REFUSED(modelsig_stream_finish(stream, &error), MODELSIG_STATUS_MISMATCH);
    modelsig_stream_free(stream);

    /* Given up, and used when model and verifier are gone. */
    OK(modelsig_model_stream(model, WEIGHTS, &stream, &error));
    modelsig_model_free(model);
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
    OK(modelsig_stream_update(stream, it->weights, 5000, &error));
    modelsig_stream_free(stream);
    free(changed);
}
