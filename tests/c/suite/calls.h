/* Progress, cancellation, and several threads. */
#include "check.h"

#if !defined(_WIN32)
#include <pthread.h>
#endif

typedef struct {
    uint64_t calls, done, total, limit;
    int backwards, elsewhere;
#if !defined(_WIN32)
    pthread_t thread;
#endif
} watcher;

static int32_t watch(void *userdata, uint64_t done, uint64_t total) {
    watcher *seen = userdata;
    seen->calls++;
    seen->backwards |= done < seen->done || done > total;
    seen->done = done;
    seen->total = total;
#if !defined(_WIN32)
    seen->elsewhere |= !pthread_equal(pthread_self(), seen->thread);
#endif
    return seen->limit != 0 && done >= seen->limit;
}

static watcher nobody(void) {
    watcher seen;
    memset(&seen, 0, sizeof seen);
#if !defined(_WIN32)
    seen.thread = pthread_self();
#endif
    return seen;
}

static void progress(const given *it) {
    static const uint32_t threads[] = {0, 1, 2};
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    size_t i;
    for (i = 0; i < 3; i++) {
        modelsig_options options = defaults();
        watcher seen = nobody();
        options.threads = threads[i];
        options.progress = watch;
        options.userdata = &seen;
        OK(modelsig_verifier_verify(verifier, it->model, bundle, &options, NULL, &error));
        CHECK(seen.calls > 0 && !seen.backwards && !seen.elsewhere);
        CHECK(seen.done == seen.total && seen.done >= it->length);
    }
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
}

static void cancelling(const given *it) {
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_options options = defaults();
    modelsig_cancel *cancel = NULL;
    watcher seen = nobody();
    char *report = (char *)1;

    /* From the callback: only this call, not the token. */
    OK(modelsig_cancel_new(&cancel, &error));
    seen.limit = 1;
    options.threads = 1;
    options.progress = watch;
    options.userdata = &seen;
    options.cancel = cancel;
    REFUSED(modelsig_verifier_verify(verifier, it->model, bundle, &options, &report, &error), MODELSIG_STATUS_CANCELLED);
    CHECK(report == NULL && !seen.elsewhere);
    CHECK(seen.done >= 1 && seen.done < seen.total && modelsig_cancel_requested(cancel) == 0);
    options.progress = NULL;
    OK(modelsig_verifier_verify(verifier, it->model, bundle, &options, NULL, &error));

    /* By the token: before, and for good. */
    {
        modelsig_model *model = NULL;
        modelsig_bytes *bytes = NULL;
        OK(modelsig_verifier_open(verifier, it->model, bundle, &options, &model, &error));
        modelsig_cancel_request(cancel);
        CHECK(modelsig_cancel_requested(cancel) == 1);
        REFUSED(modelsig_verifier_verify(verifier, it->model, bundle, &options, NULL, &error), MODELSIG_STATUS_CANCELLED);
        /* The model keeps what it needs of the token. */
        modelsig_cancel_free(cancel);
        REFUSED(modelsig_model_load(model, WEIGHTS, &bytes, &error), MODELSIG_STATUS_CANCELLED);
        CHECK(bytes == NULL);
        modelsig_model_free(model);
    }
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
}

#if !defined(_WIN32)
typedef struct {
    const modelsig_model *model;
    const given *it;
    unsigned seed;
    int holds;
} reader;

static void *read_much(void *argument) {
    reader *work = argument;
    unsigned char *buffer = malloc(70000);
    int round;
    work->holds = buffer != NULL;
    for (round = 0; round < 25 && work->holds; round++) {
        size_t length, offset;
        modelsig_bytes *bytes = NULL;
        work->seed = work->seed * 1103515245u + 12345u;
        length = work->seed % 70000;
        offset = (work->seed >> 8) % (work->it->length - length);
        work->holds = modelsig_model_read(work->model, WEIGHTS, offset, buffer, length, NULL) == MODELSIG_STATUS_OK &&
                      memcmp(buffer, work->it->weights + offset, length) == 0;
        if (round % 10 == 0) {
            work->holds = work->holds && modelsig_model_load(work->model, WEIGHTS, &bytes, NULL) == MODELSIG_STATUS_OK &&
                          memcmp(modelsig_bytes_data(bytes), work->it->weights, work->it->length) == 0;
            modelsig_bytes_free(bytes);
        }
        work->holds = work->holds && modelsig_model_read(work->model, "none", 0, buffer, 1, NULL) != MODELSIG_STATUS_OK;
    }
    free(buffer);
    return NULL;
}

static void eight_threads(const given *it) {
    modelsig_model *model = opened(it, NULL);
    pthread_t threads[8];
    reader work[8];
    int i;
    for (i = 0; i < 8; i++) {
        work[i].model = model;
        work[i].it = it;
        work[i].seed = (unsigned)i * 7919u + 1u;
        work[i].holds = 0;
        CHECK(pthread_create(&threads[i], NULL, read_much, &work[i]) == 0);
    }
    for (i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        CHECK(work[i].holds);
    }
    modelsig_model_free(model);
}

static void *request(void *argument) {
    modelsig_cancel_request(argument);
    return NULL;
}

/* Waits in the callback until another thread has asked for the end. */
static int32_t wait_for_the_end(void *userdata, uint64_t done, uint64_t total) {
    modelsig_cancel *cancel = userdata;
    (void)done;
    (void)total;
    while (modelsig_cancel_requested(cancel) == 0) {
    }
    return 0;
}

static void another_thread_cancels(const given *it) {
    modelsig_verifier *verifier = trusting(it->key);
    modelsig_source *bundle = at_path(it->bundle);
    modelsig_options options = defaults();
    modelsig_cancel *cancel = NULL;
    pthread_t thread;

    OK(modelsig_cancel_new(&cancel, &error));
    options.threads = 1;
    options.progress = wait_for_the_end;
    options.userdata = cancel;
    options.cancel = cancel;
    CHECK(pthread_create(&thread, NULL, request, cancel) == 0);
    REFUSED(modelsig_verifier_verify(verifier, it->model, bundle, &options, NULL, &error), MODELSIG_STATUS_CANCELLED);
    pthread_join(thread, NULL);
    modelsig_cancel_free(cancel);
    modelsig_verifier_free(verifier);
    modelsig_source_free(bundle);
}
#endif

#if defined(MODELSIG_TEST_HOOKS)
#if defined(__cplusplus)
extern "C"
#endif
modelsig_status modelsig_test_panic(modelsig_error **error);

static void panics(void) {
    modelsig_error *error = stale();
    CHECK(modelsig_test_panic(&error) == MODELSIG_STATUS_INTERNAL);
    CHECK(strstr(modelsig_error_message(error), "a panic that was asked for") != NULL);
    modelsig_error_free(error);
    CHECK(modelsig_test_panic(NULL) == MODELSIG_STATUS_INTERNAL);
}
#endif
