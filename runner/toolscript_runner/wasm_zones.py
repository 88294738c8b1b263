"""The time zones, which CPython takes from the system or from a package; there is neither in the browser's Python.

The interpreter's memory holds them, so that a session needs no file.
"""

import io
import zlib
from binascii import a2b_base64

from .wasm_zone_data import PACKED


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
    names, _, data = zlib.decompress(a2b_base64(PACKED)).partition(b"\n\n")
    zones = {}
    start = 0
    for line in names.decode().split("\n"):
        size, *keys = line.split(" ")
        end = start + int(size)
        zones.update(dict.fromkeys(keys, data[start:end]))
        start = end
    return zones
