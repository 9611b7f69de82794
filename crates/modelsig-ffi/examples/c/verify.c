/* verify MODEL BUNDLE PUBLIC_KEY_FILE: the shortest program that refuses a model which is not what was signed. */
#include <modelsig.h>
#include <stdio.h>

int main(int argc, char **argv) {
    char key[4096] = {0};
    FILE *file = argc == 4 ? fopen(argv[3], "r") : NULL;
    modelsig_error *error = NULL;

    if (file == NULL || fread(key, 1, sizeof key - 1, file) == 0) {
        fprintf(stderr, "usage: verify MODEL BUNDLE PUBLIC_KEY_FILE\n");
        return 2;
    }
    fclose(file);
    if (modelsig_verify(argv[1], argv[2], key, &error) != MODELSIG_STATUS_OK) {
        fprintf(stderr, "not verified: %s\n", modelsig_error_message(error));
        modelsig_error_free(error);
        return 1;
    }
    puts("verified");
    return 0;
}
