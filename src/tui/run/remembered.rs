//! What the screen remembers between runs: how the panes stand, the theme, what was typed after `:`, and the queries that
//! have a name.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::tui::keymap::Place;
use crate::tui::state::arrangement::Arrangement;
use crate::tui::state::model::Model;
use crate::tui::state::saved::Saved;
use crate::tui::theme::{self, Surroundings};

use crate::files;

/// All of it. A file of another version fills in what it knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Remembered {
    panes: Arrangement,
    focus: Focus,
    theme: theme::Choice,
    commands: Vec<String>,
    filters: Saved,
}

/// The pane with the focus, since that is the one that is maximised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Focus {
    Sessions,
    #[default]
    Frames,
    Detail,
}

/// Files larger than this are not ours.
const LARGEST: u64 = 1024 * 1024;

/// The file; `None` where there is no place for it.
#[must_use]
pub(crate) fn file() -> Option<PathBuf> {
    Some(files::directory()?.join("screen.json"))
}

impl Remembered {
    /// What a file holds; as at the first start where it can't be read.
    #[must_use]
    pub(crate) fn load(file: &Path) -> Self {
        let small = fs::metadata(file).is_ok_and(|metadata| metadata.len() <= LARGEST);
        let text = if small { fs::read(file).unwrap_or_default() } else { Vec::new() };
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// Where the file can't be written.
    pub(crate) fn save(&self, file: &Path) -> std::io::Result<()> {
        if let Some(directory) = file.parent() {
            files::create(directory)?;
        }
        files::replace(file, &serde_json::to_vec_pretty(self)?)
    }

    /// Of a screen as it is now.
    #[must_use]
    pub(crate) fn of(model: &Model) -> Self {
        let focus = match model.panes.focus {
            Place::Sessions => Focus::Sessions,
            Place::Detail => Focus::Detail,
            _ => Focus::Frames,
        };
        Self {
            panes: model.panes.arrangement,
            focus,
            theme: model.look.choice,
            commands: model.commands.lines().to_vec(),
            filters: model.saved.clone(),
        }
    }

    /// Makes a screen as it was left, in these surroundings.
    pub(crate) fn restore(self, model: &mut Model, surroundings: Surroundings) {
        model.panes.arrangement = self.panes.checked();
        // Only a pane that stands alone has to have the focus again.
        if self.panes.maximised {
            model.panes.focus = match self.focus {
                Focus::Sessions => Place::Sessions,
                Focus::Frames => Place::Frames,
                Focus::Detail => Place::Detail,
            };
        }
        model.look.choose(self.theme, surroundings);
        model.saved = self.filters.checked();
        for line in self.commands {
            model.commands.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::theme::Theme;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::record::Time;
    use crate::tui::Info;

    fn model() -> Model {
        let info =
            Info { addresses: Vec::new(), upstream: String::new(), playground: true, hold_limits: String::new() };
        Model::new(info, Theme::default(), TimeZone::UTC, Time(0))
    }

    #[test]
    fn the_next_run_begins_as_the_last_one_ended() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("wsproxy/screen.json");
        let mut first = model();
        first.panes.arrangement.share = 300;
        first.panes.arrangement.maximised = true;
        first.panes.focus = Place::Detail;
        first.look.choice = theme::Choice::Light;
        first.commands.push("frame 3".into());
        Remembered::of(&first).save(&file).unwrap();
        let mut second = model();
        Remembered::load(&file).restore(&mut second, Surroundings::default());
        assert_eq!(Remembered::of(&second), Remembered::of(&first));
        assert_eq!(second.look.theme, Theme::of(theme::Choice::Light, Surroundings::default()));
    }

    #[test]
    fn a_file_that_is_missing_broken_or_of_another_version_is_no_trouble() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("screen.json");
        assert_eq!(Remembered::load(&file), Remembered::default());
        for text in ["", "{", "[]", "{\"panes\":{\"share\":-1}}", "{\"theme\":\"neon\"}"] {
            fs::write(&file, text).unwrap();
            assert_eq!(Remembered::load(&file), Remembered::default(), "{text}");
        }
        fs::write(&file, "{\"panes\":{\"share\":300,\"more\":1},\"new\":true}").unwrap();
        assert_eq!(Remembered::load(&file).panes.share, 300);
    }
}
