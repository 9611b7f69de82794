# Assembly for ARM64: a function for each name that is read, one in a line, that jumps to what its place in `table`
# holds. The table has pairs of the name's and the place's address; zeros end it.
{ names[++count] = $1 }
END {
    print ".text"
    for (i = 1; i <= count; i++) {
        printf ".globl %s\n.type %s, %%function\n%s:\n", names[i], names[i], names[i]
        printf "adrp x16, place_%d\nldr x16, [x16, :lo12:place_%d]\nbr x16\n", i, i
    }
    print ".section .rodata"
    for (i = 1; i <= count; i++) printf "name_%d: .asciz \"%s\"\n", i, names[i]
    print ".data\n.balign 8"
    for (i = 1; i <= count; i++) printf "place_%d: .quad 0\n", i
    printf ".globl %s\n.type %s, %%object\n%s:\n", table, table, table
    for (i = 1; i <= count; i++) printf ".quad name_%d, place_%d\n", i, i
    print ".quad 0, 0"
    print ".section .note.GNU-stack, \"\", %progbits"
}
