/* header MODEL BUNDLE PUBLIC_KEY_FILE FILE: prints the header of a safetensors file of the model. Only verified bytes are
   looked at, and only the parts of the file that the header lies in are read. */
#include <inttypes.h>
#include <modelsig.h>
#include <stdio.h>
#include <stdlib.h>

static modelsig_status print_header(const modelsig_model *model, const char *name, modelsig_error **error) {
    unsigned char size[8];
    uint64_t length = 0, file_length;
    char *header;
    int i;
    modelsig_status status = modelsig_model_length(model, name, &file_length, error);
    if (status == MODELSIG_STATUS_OK) {
        status = modelsig_model_read(model, name, 0, size, sizeof size, error);
    }
    if (status != MODELSIG_STATUS_OK) {
        return status;
    }
    for (i = 7; i >= 0; i--) {
        length = length << 8 | size[i];
    }
    /* What is verified was signed by somebody you trust, which is no reason to believe that it is well-formed. */
    if (length > file_length - sizeof size || length > 100000000 || (header = malloc((size_t)length + 1)) == NULL) {
        printf("%s has no safetensors header\n", name);
        return MODELSIG_STATUS_OK;
    }
    status = modelsig_model_read(model, name, sizeof size, header, (size_t)length, error);
    if (status == MODELSIG_STATUS_OK) {
        header[length] = '\0';
        printf("%s: %" PRIu64 " bytes of header: %s\n", name, length, header);
    }
    free(header);
    return status;
}

int main(int argc, char **argv) {
    char key[4096] = {0};
    FILE *file = argc == 5 ? fopen(argv[3], "r") : NULL;
    modelsig_error *error = NULL;
    modelsig_verifier *verifier = NULL;
    modelsig_source *bundle = NULL;
    modelsig_model *model = NULL;
    int refused;

    if (file == NULL || fread(key, 1, sizeof key - 1, file) == 0) {
        fprintf(stderr, "usage: header MODEL BUNDLE PUBLIC_KEY_FILE FILE\n");
        return 2;
    }
    fclose(file);
    /* What comes after a failure is not done. */
    refused = modelsig_verifier_new(&verifier, &error) != MODELSIG_STATUS_OK ||
              modelsig_verifier_add_key_pem(verifier, key, &error) != MODELSIG_STATUS_OK ||
              modelsig_source_from_path(argv[2], &bundle, &error) != MODELSIG_STATUS_OK ||
              modelsig_verifier_open(verifier, argv[1], bundle, NULL, &model, &error) != MODELSIG_STATUS_OK ||
              print_header(model, argv[4], &error) != MODELSIG_STATUS_OK;
    if (refused) {
        fprintf(stderr, "not verified: %s\n", modelsig_error_message(error));
    }
    modelsig_error_free(error);
    modelsig_model_free(model);
    modelsig_source_free(bundle);
    modelsig_verifier_free(verifier);
    return refused;
}
