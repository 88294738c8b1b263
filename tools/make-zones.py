"""Writes `runner/toolscript_runner/wasm_zone_data.py`, the time zones of the WebAssembly sandbox, from the package `tzdata` of PyPI.

    pip download tzdata --no-deps -d FOLDER && python3 tools/make-zones.py FOLDER/tzdata-*.whl

The data is the IANA's and in the public domain. Zones that are the same are written once.
"""

import base64
import pathlib
import sys
import zipfile
import zlib

TARGET = pathlib.Path(__file__).parent.parent / "runner/toolscript_runner/wasm_zone_data.py"
LINE = 110

HEAD = '''"""The time zones of the IANA, release %(version)s, as `wasm_zones.py` reads them. Made by `tools/make-zones.py`."""

PACKED = """
'''


def main(wheel):
    archive = zipfile.ZipFile(wheel)
    keys = archive.read("tzdata/zones").decode().split()
    zones = {}
    for key in sorted(keys):
        zones.setdefault(archive.read("tzdata/zoneinfo/" + key), []).append(key)
    names = "\n".join(" ".join([str(len(data)), *names]) for data, names in zones.items())
    packed = base64.b64encode(zlib.compress(names.encode() + b"\n\n" + b"".join(zones), 9)).decode()
    lines = "\n".join(packed[start : start + LINE] for start in range(0, len(packed), LINE))
    version = next(line for line in archive.read("tzdata/__init__.py").decode().split("\n") if "IANA_VERSION" in line)
    TARGET.write_text(HEAD % {"version": version.split('"')[1]} + lines + '\n"""\n')
    print(len(keys), "zones,", len(zones), "different,", TARGET.stat().st_size, "bytes")


main(sys.argv[1])
