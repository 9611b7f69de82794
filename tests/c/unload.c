/*
 * unload LIBRARY MODEL BUNDLE PUBLIC_KEY_FILE
 *
 * Loads the shared library, verifies in a thread that ends, and unloads it, many times: the threads that hashed may
 * still be on their way out when dlclose is called. Prints "verified" and ends with 0, or does not live so long.
 */
#define _POSIX_C_SOURCE 200809L

#include "modelsig.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "text_file.h"

enum { ROUNDS = 100 };

typedef modelsig_status verify_function(const char *, const char *, const char *, modelsig_error **);

struct call {
    verify_function *verify;
    char **paths;
    const char *key;
    modelsig_status status;
};

static void *verify(void *argument) {
    struct call *call = argument;
    call->status = call->verify(call->paths[0], call->paths[1], call->key, NULL);
    return NULL;
}

static int round_trip(const char *path, struct call *call) {
    const struct timespec moment = {0, 1000000};
    pthread_t thread;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return 0;
    }
    /* As POSIX writes it: C has no conversion from an object pointer to a function pointer. */
    *(void **)(&call->verify) = dlsym(library, "modelsig_verify");
    if (call->verify == NULL || pthread_create(&thread, NULL, verify, call) != 0) {
        return 0;
    }
    pthread_join(thread, NULL);
    if (dlclose(library) != 0 || call->status != MODELSIG_STATUS_OK) {
        return 0;
    }
    /* Time for those threads to run into a hole, and then the promise itself: it is still loaded. */
    nanosleep(&moment, NULL);
    library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    return library != NULL && dlclose(library) == 0;
}

int main(int argc, char **argv) {
    struct call call = {NULL, NULL, NULL, MODELSIG_STATUS_INTERNAL};
    char *key = argc == 5 ? text_file(argv[4]) : NULL;
    int round;

    if (key == NULL) {
        fprintf(stderr, "usage: unload LIBRARY MODEL BUNDLE PUBLIC_KEY_FILE\n");
        return 2;
    }
    call.paths = argv + 2;
    call.key = key;
    for (round = 0; round < ROUNDS; round++) {
        if (!round_trip(argv[1], &call)) {
            fprintf(stderr, "round %d: status %d\n", round, (int)call.status);
            return 1;
        }
    }
    free(key);
    puts("verified");
    return 0;
}
