"""Writes `runner/toolscript_runner/wasm_zones.py`, the time zones of the WebAssembly sandbox, from the package `tzdata` of PyPI.

    pip download tzdata --no-deps -d FOLDER && python3 tools/make-zones.py FOLDER/tzdata-*.whl

The data is the IANA's and in the public domain. Zones that are the same are written once.
"""

import base64
import pathlib
import sys
import zipfile
import zlib

TARGET = pathlib.Path(__file__).parent.parent / "runner/toolscript_runner/wasm_zones.py"
LINE = 110

HEAD = '''"""The time zones of the IANA, which CPython takes from the system or from a package; there is neither here. Release %(version)s.

Made by `tools/make-zones.py`. The interpreter's memory holds them, so that a session needs no file.
"""

import io
import zlib
from binascii import a2b_base64


def install():
    """Lets `zoneinfo` find them."""
    import zoneinfo
    from zoneinfo import _common, _tzpath

    zones = _read()
    find_others = _tzpath.available_timezones

    def load_tzdata(key):
        data = zones.get(key)
        if data is None:
            raise zoneinfo.ZoneInfoNotFoundError("No time zone found with key " + key)
        return io.BytesIO(data)

    def available_timezones():
        return find_others() | set(zones)

    available_timezones.__doc__ = find_others.__doc__
    _common.load_tzdata = load_tzdata
    _tzpath.available_timezones = zoneinfo.available_timezones = available_timezones


def _read():
    """Data of a zone, by each of its names."""
    names, _, data = zlib.decompress(a2b_base64(_PACKED)).partition(b"\\n\\n")
    zones = {}
    start = 0
    for line in names.decode().split("\\n"):
        size, *keys = line.split(" ")
        end = start + int(size)
        zones.update(dict.fromkeys(keys, data[start:end]))
        start = end
    return zones


_PACKED = """
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
