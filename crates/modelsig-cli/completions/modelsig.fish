# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_modelsig_global_optspecs
    string join \n threads= access= keep-cache log-format= log-level= color= h/help V/version
end

function __fish_modelsig_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_modelsig_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_modelsig_using_subcommand
    set -l cmd (__fish_modelsig_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c modelsig -n "__fish_modelsig_needs_command" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_needs_command" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_needs_command" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_needs_command" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_needs_command" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_needs_command" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_needs_command" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "keygen" -d 'Make a key pair'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "sign" -d 'Sign a model'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "verify" -d 'Verify a model'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "protect" -d 'Verify a model, freeze its files with fs-verity, and verify them again'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "repair" -d 'Repair a damaged model from a good copy'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "digest" -d 'Print the root digest of a model'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "hash" -d 'Print or check the digests of files'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "inspect" -d 'Show what a bundle claims, and which tensors a model has, without believing any of it'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "man" -d 'Print the manual page (roff)'
complete -c modelsig -n "__fish_modelsig_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l out -d 'The private key to write' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l type -d 'The kind of key; all OMS tools read p256, p384 and p521' -r -f -a "ed25519\t''
p256\t''
p384\t''
p521\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l passphrase-env -d 'Encrypt the private key with the passphrase in this environment variable' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l json -d 'Print exactly one JSON object, also when something fails'
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -s q -l quiet -d 'Print nothing but errors'
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand keygen" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l private-key -d 'The private key: a PEM file, env:NAME for PEM text in an environment variable, or pkcs11:... for a key on a token (RFC 7512)' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l passphrase-env -d 'The environment variable with the passphrase of an encrypted key' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l pin-env -d 'The environment variable with the PIN of the token' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l pkcs11-module -d 'The PKCS#11 module of the token, a shared library, if the URI does not name it' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l signing-certificate -d 'Sign with the certificate method: a PEM file that begins with the certificate of the key' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l certificate-chain -d 'A PEM file with intermediate certificates to embed (may be repeated, issuers after those they issued)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l signature -d 'The bundle to write [default: MODEL/model.sig for a folder, MODEL.sig for a file]' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l serialization -d 'One digest for each file, or for each shard of a file' -r -f -a "files\t''
shards\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l shard-size -d 'Bytes in each shard [default: 1000000000]' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l hash -d 'Hash of files or shards; other tools can be counted on to read sha256 only' -r -f -a "sha256\t''
blake3\t''
blake2b\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l ignore-paths -d 'Leave out a path with everything below it (relative to MODEL; may be repeated)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l chunk-size -d 'Bytes in each chunk of the chunk index: a power of two from 65536 to 1073741824' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l chunk-hash -d 'Hash of the chunks [default: sha256]' -r -f -a "sha256\t''
blake3\t''
blake2b\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l reuse -d 'Take over the digests of files that were left alone since this older bundle of the same folder was signed' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l public-key -d 'A key that is trusted to have signed the older bundle (may be repeated)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l changed -d 'A file or folder that has changed, whatever its times say (relative to MODEL; may be repeated)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l allow-key-readable-by-others -d 'Use a private key even though other users can read it'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l no-ignore-git-paths -d 'Include .git, .gitattributes, .github and .gitignore'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l allow-symlinks -d 'Follow symbolic links to files inside the model'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l allow-unsigned-empty -d 'Allow empty files with --serialization shards, which does not cover them'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l no-chunks -d 'Leave out the chunk index'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l portable -d 'Refuse names that differ only in case, Unicode normalisation or what does not show, and names that Windows reserves'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l fsverity -d 'Also sign the fs-verity digest of each file: Linux then verifies files under its guard in constant time'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l single-file-dot -d 'List a single file as ".", which is the only form that the Python tool verifies'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l sharded-algorithm-name -d 'Write the algorithm of each shard as "sha256-sharded-N", which is the only form that the Python API verifies'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l json -d 'Print exactly one JSON object, also when something fails'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -s q -l quiet -d 'Print nothing but errors'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand sign" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l public-key -d 'A trusted public key in PEM (may be repeated: any one of the keys may have signed)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l certificate-chain -d 'A file with trusted issuers in PEM (may be repeated): a certificate under any of them may have signed' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l identity -d 'The expected owner of the signing certificate: an exact URI, email or DNS name, or subject:CN=...,O=... (may be repeated)' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l at -d 'Judge certificates at this time (RFC 3339) instead of now' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l signature -d 'The bundle [default: MODEL/model.sig for a folder, MODEL.sig for a file]' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l require -d 'How many of the bundles\' signers it takes: all, any, or a number of distinct ones' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l files -d 'Check only the signed files whose names fit, such as \'*.json\' (may be repeated)' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l tensor -d 'Check only the tensors whose names fit, such as \'model.layers.0.*\' (may be repeated)' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l check -d 'Which digests to check: the chunk index where there is one, the whole files, or both' -r -f -a "chunks\t''
whole\t''
both\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l max-model-bytes -d 'Refuse models of more bytes than these' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l ignore-paths -d 'Leave out a path with everything below it (relative to MODEL; may be repeated)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l audit-log -d 'Append a line of JSON to this file for each verdict, before it is printed' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l strict-git -d 'Treat .git, .gitattributes, .github and .gitignore like any other file'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l no-bundle-ignores -d 'Do not leave out what only the signer\'s list leaves out'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l portable -d 'Refuse names that differ only in case, Unicode normalisation or what does not show, and names that Windows reserves'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l ignore-unsigned-files -d 'Accept files that were not signed; they are not verified'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l allow-symlinks -d 'Follow symbolic links to files inside the model, if the signer did so too'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l allow-unsigned-empty -d 'Accept empty files that a signature over shards does not cover'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l legacy -d 'Accept bundles of model-signing 0.2.0, which sign less than later ones'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l fail-fast -d 'Stop at the first problem with what the files contain'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l no-sandbox -d 'Keep the right to read more than the model and the bundles'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l require-sandbox -d 'No verdict where that cannot be given up, as on kernels without Landlock'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l json -d 'Print exactly one JSON object, also when something fails'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -s q -l quiet -d 'Print nothing but errors'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand verify" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l public-key -d 'A trusted public key in PEM (may be repeated: any one of the keys may have signed)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l certificate-chain -d 'A file with trusted issuers in PEM (may be repeated): a certificate under any of them may have signed' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l identity -d 'The expected owner of the signing certificate: an exact URI, email or DNS name, or subject:CN=...,O=... (may be repeated)' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l at -d 'Judge certificates at this time (RFC 3339) instead of now' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l signature -d 'The bundle [default: MODEL/model.sig for a folder, MODEL.sig for a file]' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l check -d 'Which digests to check: the chunk index where there is one, the whole files, or both' -r -f -a "chunks\t''
whole\t''
both\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l max-model-bytes -d 'Refuse models of more bytes than these' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l ignore-paths -d 'Leave out a path with everything below it (relative to MODEL; may be repeated)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l audit-log -d 'Append a line of JSON to this file for each verdict, before it is printed' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l strict-git -d 'Treat .git, .gitattributes, .github and .gitignore like any other file'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l no-bundle-ignores -d 'Do not leave out what only the signer\'s list leaves out'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l portable -d 'Refuse names that differ only in case, Unicode normalisation or what does not show, and names that Windows reserves'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l ignore-unsigned-files -d 'Accept files that were not signed; they are not verified'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l allow-symlinks -d 'Follow symbolic links to files inside the model, if the signer did so too'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l allow-unsigned-empty -d 'Accept empty files that a signature over shards does not cover'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l legacy -d 'Accept bundles of model-signing 0.2.0, which sign less than later ones'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l json -d 'Print exactly one JSON object, also when something fails'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -s q -l quiet -d 'Print nothing but errors'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand protect" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l from -d 'A good copy: a folder with files of the same names, or the copy of the one damaged file' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l public-key -d 'A trusted public key in PEM (may be repeated: any one of the keys may have signed)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l certificate-chain -d 'A file with trusted issuers in PEM (may be repeated): a certificate under any of them may have signed' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l identity -d 'The expected owner of the signing certificate: an exact URI, email or DNS name, or subject:CN=...,O=... (may be repeated)' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l at -d 'Judge certificates at this time (RFC 3339) instead of now' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l signature -d 'The bundle [default: MODEL/model.sig for a folder, MODEL.sig for a file]' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l check -d 'Which digests to check: the chunk index where there is one, the whole files, or both' -r -f -a "chunks\t''
whole\t''
both\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l max-model-bytes -d 'Refuse models of more bytes than these' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l ignore-paths -d 'Leave out a path with everything below it (relative to MODEL; may be repeated)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l audit-log -d 'Append a line of JSON to this file for each verdict, before it is printed' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l strict-git -d 'Treat .git, .gitattributes, .github and .gitignore like any other file'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l no-bundle-ignores -d 'Do not leave out what only the signer\'s list leaves out'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l portable -d 'Refuse names that differ only in case, Unicode normalisation or what does not show, and names that Windows reserves'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l ignore-unsigned-files -d 'Accept files that were not signed; they are not verified'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l allow-symlinks -d 'Follow symbolic links to files inside the model, if the signer did so too'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l allow-unsigned-empty -d 'Accept empty files that a signature over shards does not cover'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l legacy -d 'Accept bundles of model-signing 0.2.0, which sign less than later ones'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l json -d 'Print exactly one JSON object, also when something fails'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -s q -l quiet -d 'Print nothing but errors'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand repair" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l signature -d 'The bundle to leave out' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l serialization -d 'One digest for each file, or for each shard of a file' -r -f -a "files\t''
shards\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l shard-size -d 'Bytes in each shard [default: 1000000000]' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l hash -d 'Hash of files or shards; other tools can be counted on to read sha256 only' -r -f -a "sha256\t''
blake3\t''
blake2b\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l ignore-paths -d 'Leave out a path with everything below it (relative to MODEL; may be repeated)' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l no-ignore-git-paths -d 'Include .git, .gitattributes, .github and .gitignore'
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l allow-symlinks -d 'Follow symbolic links to files inside the model'
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l allow-unsigned-empty -d 'Allow empty files with --serialization shards, which does not cover them'
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l json -d 'Print exactly one JSON object, also when something fails'
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -s q -l quiet -d 'Print nothing but errors'
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand digest" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l hash -d 'The hash; with --check, that of lines that do not name theirs' -r -f -a "sha256\t''
blake3\t''
blake2b\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l check -d 'Check the digests in LIST against the files it names' -r -F
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l tag -d 'Print lines that name the hash: SHA256 (file) = digest'
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l json -d 'Print exactly one JSON object, also when something fails'
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -s q -l quiet -d 'Print nothing but errors'
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand hash" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -l json -d 'Print exactly one JSON object, also when something fails'
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -s q -l quiet -d 'Print nothing but errors'
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand inspect" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand completions" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand completions" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand completions" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand completions" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand completions" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand completions" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand completions" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand man" -l threads -d 'Threads to hash with; 0 means one for each CPU' -r
complete -c modelsig -n "__fish_modelsig_using_subcommand man" -l access -d 'How files are read: auto maps only what nobody else can change and where it is faster, map always, read never' -r -f -a "auto\t''
map\t''
read\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand man" -l log-format -d 'Tell on stderr what happens, one line for each event; there is no progress bar then' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c modelsig -n "__fish_modelsig_using_subcommand man" -l log-level -d 'The least that is told, with --log-format [default: info]' -r -f -a "warn\t''
info\t''
debug\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand man" -l color -d 'Colours: auto follows the terminal and NO_COLOR' -r -f -a "auto\t''
always\t''
never\t''"
complete -c modelsig -n "__fish_modelsig_using_subcommand man" -l keep-cache -d 'Leave in the page cache what was read, even if it is more than half of the memory'
complete -c modelsig -n "__fish_modelsig_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c modelsig -n "__fish_modelsig_using_subcommand man" -s V -l version -d 'Print version'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "keygen" -d 'Make a key pair'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "sign" -d 'Sign a model'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "verify" -d 'Verify a model'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "protect" -d 'Verify a model, freeze its files with fs-verity, and verify them again'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "repair" -d 'Repair a damaged model from a good copy'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "digest" -d 'Print the root digest of a model'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "hash" -d 'Print or check the digests of files'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "inspect" -d 'Show what a bundle claims, and which tensors a model has, without believing any of it'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "completions" -d 'Print the completions of a shell'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "man" -d 'Print the manual page (roff)'
complete -c modelsig -n "__fish_modelsig_using_subcommand help; and not __fish_seen_subcommand_from keygen sign verify protect repair digest hash inspect completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
