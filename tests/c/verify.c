/*
 * verify MODEL BUNDLE PUBLIC_KEY_FILE
 *
 * Prints "verified" and ends with 0, or prints "status: message" on stderr and ends with 1; 2 when it could not even
 * ask.
 */
#include "modelsig.h"

#include <stdio.h>
#include <stdlib.h>

#include "text_file.h"

int main(int argc, char **argv) {
    char *key;
    modelsig_error *error = NULL;
    modelsig_status status;

    if (argc != 4) {
        fprintf(stderr, "usage: verify MODEL BUNDLE PUBLIC_KEY_FILE\n");
        return 2;
    }
    key = text_file(argv[3]);
    if (key == NULL) {
        fprintf(stderr, "cannot read the key %s\n", argv[3]);
        return 2;
    }

    status = modelsig_verify(argv[1], argv[2], key, &error);
    free(key);
    if (status != MODELSIG_STATUS_OK) {
        fprintf(stderr, "%d: %s\n", (int)status, modelsig_error_message(error));
        modelsig_error_free(error);
        return 1;
    }
    puts("verified");
    return 0;
}
