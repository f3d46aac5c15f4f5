#!/usr/bin/env bash
# Compiles ../janus_dispatch.ksy with the Kaitai Struct compiler, reads every vector whole with the parser
# that it generates for Python, and tests the reader that is made of that parser with the kit.
# Installs into a temporary folder; needs node, npm and Python 3 with pip.
set -euo pipefail
cd "$(dirname "$0")"

KAITAI_STRUCT_COMPILER_VERSION=0.11.0
YAML_VERSION=2.9.1
KAITAISTRUCT_VERSION=0.11

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "-- installing kaitai-struct-compiler $KAITAI_STRUCT_COMPILER_VERSION and kaitaistruct $KAITAISTRUCT_VERSION"
npm install --prefix "$work" --silent --no-audit --no-fund --ignore-scripts \
    "kaitai-struct-compiler@$KAITAI_STRUCT_COMPILER_VERSION" "yaml@$YAML_VERSION"
python3 -m pip install --quiet --disable-pip-version-check --no-deps --root-user-action=ignore \
    --target "$work/python" "kaitaistruct==$KAITAISTRUCT_VERSION"

echo "-- compiling janus_dispatch.ksy"
cat > "$work/compile.js" <<'SCRIPT'
const fs = require("fs"), path = require("path");
const compiler = require("kaitai-struct-compiler"), yaml = require("yaml");
const [source, target] = process.argv.slice(2);
compiler.compile("python", yaml.parse(fs.readFileSync(source, "utf8")), null, false).then((files) => {
    for (const [name, text] of Object.entries(files)) {
        fs.writeFileSync(path.join(target, name), text);
        console.log(`${name}: ${text.split("\n").length} lines`);
    }
}).catch((error) => {
    console.error(String(error));
    process.exit(1);
});
SCRIPT
node "$work/compile.js" ../janus_dispatch.ksy "$work/python"

export PYTHONPATH="$work/python" PYTHONDONTWRITEBYTECODE=1
echo "-- reading every vector whole with the generated parser"
python3 kaitai_complete.py
echo "-- testing kaitai_reader.py with the kit"
python3 run.py -- python3 "$PWD/kaitai_reader.py"
