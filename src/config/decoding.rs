//! Who reads messages: `--decoder` and `--proto`.

use anyhow::{Context as _, Result, bail, ensure};

use crate::decode::{Choice, Decoder, Preference};
use crate::programs;
use crate::text;

use super::proto;

/// What `--decoder` and `--proto` ask for. The last name chooses; without one, the first command that is given.
pub(super) fn preference(decoders: &[String], schemas: &[String]) -> Result<Preference> {
    let mut given = schemas.iter().map(|value| proto::decoder(value)).collect::<Result<Vec<_>>>()?;
    let (mut chosen, mut first) = (None, None);
    for value in decoders {
        let Some((name, command)) = value.split_once('=') else {
            chosen = Some(named(value, &given)?);
            continue;
        };
        let program = program(name, command, &given)?;
        first.get_or_insert(Choice::Named(program));
        given.push(program);
    }
    Ok(Preference { choice: chosen.or(first).unwrap_or_default(), given })
}

fn named(name: &str, given: &[Decoder]) -> Result<Choice> {
    let own = given.iter().find(|decoder| matches!(decoder, Decoder::Program(_)) && decoder.name() == name);
    let choice = own.map(|own| Choice::Named(*own)).or_else(|| Choice::from_name(name));
    choice.with_context(|| {
        let names = [Choice::AUTO, Choice::NONE].into_iter().chain(Decoder::ALL.map(Decoder::name));
        let nearest = names.min_by_key(|known| text::distance_to_beginning(name, known)).unwrap_or(Choice::AUTO);
        let name = text::escape(name.as_bytes());
        format!(
            "--decoder {name} names none: write auto, none, or a name in docs/decoders.md, {nearest} perhaps; \
             or {name}=COMMAND for a program of yours"
        )
    })
}

fn program(name: &str, command: &str, given: &[Decoder]) -> Result<Decoder> {
    let shown = text::escape(name.as_bytes());
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ensure!(
        !name.is_empty() && name.bytes().all(is_word),
        "--decoder {shown}=COMMAND needs a name of letters, digits, - and _ in front of the sign, as in mine=COMMAND"
    );
    if Choice::from_name(name).is_some() || given.iter().any(|decoder| decoder.name() == name) {
        bail!("--decoder {shown}=COMMAND: there is a decoder {shown} already, so give yours another name");
    }
    ensure!(
        !command.trim().is_empty(),
        "--decoder {shown}= needs a command behind the sign, as in {shown}='protoc --decode_raw'"
    );
    Ok(programs::decoder(name, command))
}
