#!/usr/bin/env python3
"""Decodes frames from docs/protocol.md alone, to show that the document suffices.

    decode.py GOLDEN.hex ...    checks golden vectors against their own comments
    decode.py --hex 0702...00   takes one frame from the line apart

Written from the document and not from the Rust; keep it so. The tag needs PyNaCl (pip install pynacl); without
it everything else is checked, and the last line says that tags were not.
"""

import math
import struct
import sys

try:
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as seal
except ImportError:
    seal = None

KEY = bytes(range(32))  # of the golden vectors

QUANTITIES = {
    1: "sea_level", 2: "water_pressure", 3: "water_temperature", 10: "speed", 11: "occupancy", 12: "flow",
    13: "travel_time", 20: "voltage", 21: "current", 22: "active_power", 23: "reactive_power", 24: "apparent_power",
    25: "power_factor", 26: "frequency", 27: "active_energy", 30: "acceleration", 40: "battery_voltage",
}
LAST_KIND = {1: 8, 2: 17}
DIRECTIONS = {0: (0, 1, 2, 3, 4, 9, 10, 11, 17), 1: (5, 6, 7, 8, 12, 13, 14, 15, 16)}


class Refused(Exception):
    """Named as the counters are."""


def unstuffed(line):
    """What lies between two delimiters, without the stuffing."""
    out = bytearray()
    at = 0
    while at < len(line):
        code = line[at]
        if code == 0 or at + code > len(line):
            raise Refused("cobs")
        out += line[at + 1 : at + code]
        at += code
        if code < 255 and at < len(line):
            out.append(0)
    return bytes(out)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Reader:
    """Takes fields one after the other and keeps what it took, for people to read."""

    def __init__(self, data):
        self.data = data
        self.at = 0
        self.lines = []

    def bytes(self, count):
        if self.at + count > len(self.data):
            raise Refused("body")
        self.at += count
        return self.data[self.at - count : self.at]

    def note(self, start, text):
        self.lines.append((self.data[start : self.at].hex(), text))

    def u8(self, name, text=str):
        start = self.at
        value = self.bytes(1)[0]
        self.note(start, f"{name} {text(value)}")
        return value

    def varint(self, name, bits=64, zigzag=False):
        start = self.at
        value = shift = 0
        while True:
            byte = self.bytes(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= bits:
                raise Refused("body")
        if value >> bits:
            raise Refused("body")
        if zigzag:
            value = value >> 1 if value % 2 == 0 else -(value >> 1) - 1
        self.note(start, f"{name} {value}")
        return value

    def count(self, name, most):
        value = self.varint(name)
        if value > most:
            raise Refused("body")
        return value

    def f64(self, name):
        start = self.at
        (value,) = struct.unpack("<d", self.bytes(8))
        text = "nan" if math.isnan(value) else f"{value:g}" if value == int(value) and abs(value) < 1e6 else repr(value)
        self.note(start, f"{name} {text}")
        return value

    def raw(self, name, count, text=None):
        start = self.at
        value = self.bytes(count)
        self.note(start, f"{name} {text(value)}" if text else name)
        return value


def dotted(value):
    return ".".join(str(part) for part in value)


def quantity(code):
    if code not in QUANTITIES:
        raise Refused("body")
    return f"{code} = {QUANTITIES[code]}"


def settings(r):
    r.varint("revision", 32)
    for _ in range(r.count("settings", 16)):
        r.u8("key")
        r.f64("value")


def body(r, version):
    kind = r.u8("body kind")
    if kind > LAST_KIND[version]:
        raise Refused("kind")
    if kind == 0:
        r.raw("firmware", 3, dotted)
        r.u8("node kind")
        r.u8("reset cause")
        r.varint("mono_us")
        r.varint("first_seq")
        if version >= 2:
            r.u8("board")
            r.u8("image")
            r.varint("settings_revision", 32)
    elif kind == 1:
        r.varint("first_seq")
        r.u8("quantity", quantity)
        r.varint("start_us")
        for _ in range(r.count("samples", 12)):
            r.varint("dt_us", 32)
            r.f64("value")
            r.u8("quality")
    elif kind == 2:
        r.varint("seq")
        r.varint("mono_us")
        r.u8("code")
        r.f64("value")
    elif kind == 3:
        r.varint("mono_us")
        r.varint("ring_used", 16)
        r.varint("ring_capacity", 16)
        r.varint("dropped", 32)
        r.varint("sensor_errors", 32)
        r.varint("battery_mv", 16)
        if version >= 2:
            r.varint("clock_drift_ppb", 32, zigzag=True)
            r.varint("clock_uncertainty_us", 32)
            r.varint("refused", 32)
            r.varint("stack_free", 16)
            r.varint("storage_errors", 16)
            r.u8("stalled")
    elif kind == 4:
        r.varint("t1_us")
    elif kind == 5:
        r.varint("t1_us")
        r.varint("t2_unix_us", zigzag=True)
        r.varint("t3_unix_us", zigzag=True)
    elif kind == 6:
        r.varint("boot", 32)
        r.varint("next_seq")
    elif kind == 7:
        r.varint("boot", 32)
        r.varint("from_seq")
        r.varint("to_seq")
    elif kind == 8:
        r.varint("id", 32)
        r.u8("code")
        r.varint("argument", 32)
        r.varint("expires_unix_us", zigzag=True)
    elif kind in (9, 12):
        settings(r)
    elif kind == 10:
        r.varint("id", 32)
        r.u8("outcome")
        r.varint("mono_us")
        r.varint("delay_us", 32)
    elif kind == 11:
        r.u8("state")
        r.raw("version", 3, dotted)
        r.varint("next_offset", 32)
    elif kind == 14:
        r.raw("version", 3, dotted)
        r.varint("security", 32)
        r.varint("length", 32)
        r.raw("digest", 32)
        r.raw("signature", 64)
    elif kind == 15:
        r.varint("offset", 32)
        r.raw("bytes", r.count("count", 192))
    elif kind == 16:
        r.varint("limit", 16)
    # 13 and 17 have no fields.
    if r.at != len(r.data):
        raise Refused("body")
    return kind


def decode(frame, key=KEY):
    """Takes a frame from the line apart; the checks in the document's order."""
    if len(frame) > 320:
        raise Refused("too_long")
    if not frame.endswith(b"\0") or b"\0" in frame[:-1]:
        raise Refused("cobs")
    data = unstuffed(frame[:-1])
    if len(data) < 26:
        raise Refused("too_short")
    checked, crc = data[:-4], data[-4:]
    if crc32c(checked) != int.from_bytes(crc, "little"):
        raise Refused("crc")
    message, tag = checked[:-16], checked[-16:]
    r = Reader(message)
    version = r.u8("version")
    if version not in LAST_KIND:
        raise Refused("version")
    node, boot, counter = (r.varint(name, 32) for name in ("node", "boot", "counter"))
    direction = r.u8("direction")
    if direction not in DIRECTIONS:
        raise Refused("body")
    if seal is not None:
        nonce = struct.pack("<IIB7xI4x", node, boot, direction, counter)
        if seal(b"", message, nonce, key) != tag:
            raise Refused("tag")
    kind = body(r, version)
    if kind not in DIRECTIONS[direction]:
        raise Refused("wrong_way")
    return r.lines + [(tag.hex(), "tag"), (crc.hex(), "CRC-32C, little-endian")]


def annotated(lines):
    return [f"# {digits:<20} {text}" for digits, text in lines]


def refusal(frame, key=KEY):
    try:
        decode(frame, key)
    except Refused as refused:
        return str(refused)
    return None


def check(path):
    """One golden vector: it decodes, to what its comments say, and nothing near it does."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    frame = bytes.fromhex("".join(line for line in lines if not line.startswith("#")))
    said = annotated(decode(frame))
    told = lines[lines.index("# Unstuffed (key 00 01 02 .. 1f):") + 1 :]
    if said != told:
        differing = [pair for pair in zip(said, told) if pair[0] != pair[1]] or [(len(said), len(told))]
        raise SystemExit(f"{path}: the document says\n{differing[0][0]}\nthe vector\n{differing[0][1]}")
    for bit in range(8 * len(frame)):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        if refusal(bytes(damaged)) is None:
            raise SystemExit(f"{path}: a flipped bit is not noticed")
    if seal is not None and refusal(frame, bytes(32)) != "tag":
        raise SystemExit(f"{path}: another key opens it")


def main(arguments):
    if crc32c(b"123456789") != 0xE3069283:
        raise SystemExit("this CRC is not CRC-32C")
    if arguments[:1] == ["--hex"]:
        print("\n".join(annotated(decode(bytes.fromhex("".join(arguments[1:]))))))
        return
    for path in arguments:
        check(path)
    tags = "tags checked" if seal is not None else "tags NOT checked: pip install pynacl"
    print(f"{len(arguments)} golden vectors decoded, {tags}")


if __name__ == "__main__":
    main(sys.argv[1:])
