//! The endpoint that sends each message back, and obeys the commands.

use std::borrow::Cow;
use std::io;

use super::command::EchoCommand;
use super::incoming::Event;
use super::socket::{Ending, Socket, Writer};
use crate::wire::opcode::Opcode;

/// Bytes of a message at most: far beyond what a page sends by hand, and still small with every connection in use.
pub(super) const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// What the server's own ping carries.
const PING_PAYLOAD: &[u8] = b"playground";

/// Talks until one side ends it.
pub(super) async fn serve(mut socket: Socket) {
    if let Ok(ending) = converse(&mut socket).await {
        socket.end(ending).await;
    }
}

async fn converse(socket: &mut Socket) -> io::Result<Ending> {
    loop {
        let event = match socket.receive().await? {
            Ok(event) => event,
            Err(violation) => return Ok(Ending::Broken(violation)),
        };
        let writer = &mut socket.writer;
        match event {
            Event::Close(body) => return Ok(Ending::Theirs(body)),
            Event::Pong => {}
            Event::Ping(payload) => writer.send(Opcode::PONG, &payload).await?,
            Event::Binary(bytes) => writer.send(Opcode::BINARY, &bytes).await?,
            Event::Text(text) => match EchoCommand::parse(&text) {
                Ok(None) => writer.send(Opcode::TEXT, text.as_bytes()).await?,
                Err(sentence) => writer.send(Opcode::TEXT, sentence.as_bytes()).await?,
                Ok(Some(EchoCommand::Close { code, reason })) => {
                    return Ok(Ending::Ours { code, reason: Cow::Owned(reason) });
                }
                Ok(Some(EchoCommand::Ping)) => writer.send(Opcode::PING, PING_PAYLOAD).await?,
                Ok(Some(EchoCommand::Burst(count))) => burst(writer, count).await?,
                Ok(Some(EchoCommand::Fragments(count))) => fragments(writer, count).await?,
            },
        }
    }
}

async fn burst(writer: &mut Writer, count: u32) -> io::Result<()> {
    for number in 1..=count {
        writer.send(Opcode::TEXT, format!("burst {number} of {count}").as_bytes()).await?;
    }
    Ok(())
}

async fn fragments(writer: &mut Writer, count: u32) -> io::Result<()> {
    for number in 1..=count {
        let opcode = if number == 1 { Opcode::TEXT } else { Opcode::CONTINUATION };
        if number == count {
            writer.send(opcode, format!("fragment {number} of {count}").as_bytes()).await?;
        } else {
            writer.send_unfinished(opcode, format!("fragment {number} of {count}, ").as_bytes()).await?;
        }
    }
    Ok(())
}
