"""Sends one Ethernet frame to everybody and tells on which devices it is heard, with which VLAN tags.

Usage: frames.py FROM TAGS DEVICE... (TAGS: as 10, 10.20 or -), prints a JSON object from device to lists of tags.
"""

import json
import select
import socket
import struct
import sys
import time

ALL, AUXDATA, SOL_PACKET, OUTGOING = 3, 8, 263, 4
VLAN_VALID = 1 << 4
DOT1Q, EXPERIMENTAL = 0x8100, 0x88B5


def opened(device):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    sock.bind((device, 0))
    sock.setsockopt(SOL_PACKET, AUXDATA, 1)
    return sock


def tags_of(sock):
    """The tags of a frame of ours; None: it is not ours, or goes the other way. The kernel keeps the first tag apart."""
    frame, ancillary, _, address = sock.recvmsg(2048, 256)
    if address[2] == OUTGOING:
        return None
    tags = []
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data[:20])
            if status & VLAN_VALID:
                tags.append(tci & 0xFFF)
    at = 12
    while struct.unpack_from("!H", frame, at)[0] == DOT1Q:
        tags.append(struct.unpack_from("!H", frame, at + 2)[0] & 0xFFF)
        at += 4
    is_ours = struct.unpack_from("!H", frame, at)[0] == EXPERIMENTAL
    return tags if is_ours else None


def main(sender, tags, devices):
    socks = {opened(device): device for device in devices}
    own = next(sock for sock, device in socks.items() if device == sender)
    header = b"\xff" * 6 + b"\x02\xaa\x00\x00\x00" + bytes([devices.index(sender)])
    for tag in [] if tags == "-" else tags.split("."):
        header += struct.pack("!HH", DOT1Q, int(tag))
    own.send(header + struct.pack("!H", EXPERIMENTAL) + b"frame" * 12)
    heard = {}
    until = time.monotonic() + 0.4
    while (left := until - time.monotonic()) > 0:
        for sock in select.select(list(socks), [], [], left)[0]:
            found = tags_of(sock)
            if found is not None:
                heard.setdefault(socks[sock], []).append(found)
    print(json.dumps(heard))


main(sys.argv[1], sys.argv[2], sys.argv[3:])
