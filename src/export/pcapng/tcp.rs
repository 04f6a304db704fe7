//! A made-up TCP connection: bytes in, packets out. Nothing is lost, sent twice or out of order in it.

use std::net::{IpAddr, SocketAddr};

use crate::record::{PerSide, Side, Time};

use super::blocks;

/// Bytes of payload in one packet: what IPv4 has room for, less the headers, in round numbers.
const SEGMENT: usize = 60_000;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
const WINDOW: u16 = 65_535;

/// One of the two connections of a session.
pub(super) struct Connection {
    interface: u32,
    ends: PerSide<SocketAddr>,
    /// The number of the next byte.
    next: PerSide<u32>,
    is_over: PerSide<bool>,
}

impl Connection {
    /// Both ends have the same kind of address.
    pub(super) const fn new(interface: u32, ends: PerSide<SocketAddr>) -> Self {
        Self { interface, ends, next: PerSide::new(0, 0), is_over: PerSide::new(false, false) }
    }

    /// The three packets by which the client connects.
    pub(super) fn connect(&mut self, time: Time, comments: &[String], out: &mut Vec<u8>) {
        self.packet(time, Side::Client, SYN, &[], comments, out);
        self.next.client = 1;
        self.packet(time, Side::Server, SYN | ACK, &[], &[], out);
        self.next.server = 1;
        self.packet(time, Side::Client, ACK, &[], &[], out);
    }

    /// Bytes of a side. The comments stand at the last packet of them, in which they are read.
    pub(super) fn send(&mut self, time: Time, from: Side, mut bytes: &[u8], comments: &[String], out: &mut Vec<u8>) {
        loop {
            let (segment, rest) = bytes.split_at_checked(SEGMENT).unwrap_or((bytes, &[]));
            let comments = if rest.is_empty() { comments } else { &[] };
            let flags = if segment.is_empty() { ACK } else { PSH | ACK };
            self.packet(time, from, flags, segment, comments, out);
            self.next[from] = self.next[from].wrapping_add(segment.len() as u32);
            bytes = rest;
            if bytes.is_empty() {
                return;
            }
        }
    }

    /// The end of a side's bytes, once.
    pub(super) fn end(&mut self, time: Time, from: Side, is_reset: bool, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.is_over[from], true) {
            return;
        }
        self.packet(time, from, if is_reset { RST | ACK } else { FIN | ACK }, &[], &[], out);
        self.next[from] = self.next[from].wrapping_add(1);
        if is_reset {
            self.is_over[from.other()] = true;
        }
    }

    fn packet(&self, time: Time, from: Side, flags: u8, payload: &[u8], comments: &[String], out: &mut Vec<u8>) {
        let (source, target) = (self.ends[from], self.ends[from.other()]);
        let mut segment = Vec::with_capacity(20 + payload.len());
        segment.extend_from_slice(&source.port().to_be_bytes());
        segment.extend_from_slice(&target.port().to_be_bytes());
        segment.extend_from_slice(&self.next[from].to_be_bytes());
        let acknowledged = if flags & ACK == 0 { 0 } else { self.next[from.other()] };
        segment.extend_from_slice(&acknowledged.to_be_bytes());
        // A header of five words.
        segment.extend_from_slice(&[5 << 4, flags]);
        segment.extend_from_slice(&WINDOW.to_be_bytes());
        segment.extend_from_slice(&[0; 4]);
        segment.extend_from_slice(payload);
        let packet = ip(source.ip(), target.ip(), &mut segment);
        blocks::packet(self.interface, time, &packet, comments, out);
    }
}

/// Puts a TCP segment into an IP packet, and its checksum into the segment.
fn ip(source: IpAddr, target: IpAddr, segment: &mut [u8]) -> Vec<u8> {
    const TCP: u8 = 6;
    let length = segment.len() as u16;
    let mut pseudo = Vec::new();
    let mut packet = Vec::with_capacity(40 + segment.len());
    match (source, target) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            let mut header = [0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, TCP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            let [total @ .., _, _] = &mut header;
            let total_length = (20 + length).to_be_bytes();
            (total[2], total[3]) = (total_length[0], total_length[1]);
            header[12..16].copy_from_slice(&source.octets());
            header[16..20].copy_from_slice(&target.octets());
            let sum = checksum(&[&header]).to_be_bytes();
            header[10..12].copy_from_slice(&sum);
            packet.extend_from_slice(&header);
            pseudo.extend_from_slice(&header[12..20]);
        }
        (source, target) => {
            let octets = |address: IpAddr| match address {
                IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                IpAddr::V6(address) => address.octets(),
            };
            packet.extend_from_slice(&[0x60, 0, 0, 0]);
            packet.extend_from_slice(&length.to_be_bytes());
            packet.extend_from_slice(&[TCP, 64]);
            for address in [source, target] {
                packet.extend_from_slice(&octets(address));
                pseudo.extend_from_slice(&octets(address));
            }
        }
    }
    pseudo.extend_from_slice(&[0, TCP]);
    pseudo.extend_from_slice(&length.to_be_bytes());
    let sum = checksum(&[&pseudo, segment]).to_be_bytes();
    if let Some(place) = segment.get_mut(16..18) {
        place.copy_from_slice(&sum);
    }
    packet.extend_from_slice(segment);
    packet
}

/// The Internet checksum (RFC 1071) of pieces that, all but the last, have whole words.
fn checksum(pieces: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    for piece in pieces {
        let (words, rest) = piece.as_chunks::<2>();
        sum += words.iter().map(|word| u64::from(u16::from_be_bytes(*word))).sum::<u64>();
        sum += rest.iter().map(|byte| u64::from(*byte) << 8).sum::<u64>();
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
