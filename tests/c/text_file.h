/* What the C programs of the tests share: reading a small file as a string. */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include <stdio.h>
#include <stdlib.h>

/* The content of a file of less than 64 KiB, to be freed with free(); NULL if it cannot be read. */
static char *text_file(const char *path) {
    enum { ROOM = 64 * 1024 };
    FILE *file = fopen(path, "rb");
    char *text = malloc(ROOM);
    size_t length = 0;
    if (file != NULL && text != NULL) {
        length = fread(text, 1, ROOM - 1, file);
        if (ferror(file) || getc(file) != EOF) {
            length = 0;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    if (length == 0) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}

#endif
