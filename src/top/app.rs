//! What is shown: which rows in which order, and what keys change of it.

use super::state::{Row, State, Subject, Summary};
use model::batch::Batch;
use model::histogram::Threshold;
use model::units::{CaptureTime, Nanos};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::cmp::Ordering;

/// What the numbers are about: the last …
const SPANS: [Nanos; 5] = [
    Nanos::from_seconds(10),
    Nanos::from_seconds(60),
    Nanos::from_seconds(300),
    Nanos::from_seconds(900),
    Nanos::from_seconds(3_600),
];
/// Windows in a column of the heatmap.
const ZOOMS: [u64; 7] = [1, 2, 5, 10, 30, 60, 360];
/// A column's windows are chosen so that the strip covers at least this, until somebody chooses.
const STRIP_SPAN: Nanos = Nanos::from_seconds(300);
/// Letters of a filter.
const FILTER_MAX: usize = 100;
/// Rows of a page, for Page Up and Page Down.
const PAGE: isize = 10;

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Rate,
    P50,
    P99,
    Over,
    Open,
    Errors,
    Name,
}

impl Sort {
    const ALL: [Self; 7] =
        [Self::Rate, Self::P50, Self::P99, Self::Over, Self::Open, Self::Errors, Self::Name];

    /// The one `steps` behind this.
    fn beside(self, steps: isize) -> Self {
        let place = Self::ALL.iter().position(|sort| *sort == self).unwrap_or_default();
        let place = (place as isize + steps).rem_euclid(Self::ALL.len() as isize);
        Self::ALL.get(place as usize).copied().unwrap_or_default()
    }

    /// The larger comes first, names by the alphabet.
    fn order(self, one: &Row, other: &Row) -> Ordering {
        let by = |value: fn(&Row) -> f64| value(other).total_cmp(&value(one));
        let times = |row: &Row, quantile: fn(&analyzer::digest::Digest) -> f64| {
            row.times.as_ref().map_or(-1.0, quantile)
        };
        let ordered = match self {
            Self::Rate => by(|row| row.rate),
            Self::P50 => times(other, |times| times.p50).total_cmp(&times(one, |times| times.p50)),
            Self::P99 => times(other, |times| times.p99).total_cmp(&times(one, |times| times.p99)),
            Self::Over => other.over.cmp(&one.over),
            Self::Open => other.open.cmp(&one.open),
            Self::Errors => other.errors().cmp(&one.errors()),
            Self::Name => Ordering::Equal,
        };
        ordered.then_with(|| one.subject.cmp(&other.subject))
    }
}

/// What a key asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    GoOn,
    Quit,
}

/// Everything that a frame is made of.
pub struct App {
    state: State,
    /// What was known when somebody asked for a pause.
    paused: Option<State>,
    pub objective: Option<Threshold>,
    pub sort: Sort,
    pub reversed: bool,
    pub filter: String,
    /// Keys go into the filter.
    pub filtering: bool,
    pub helping: bool,
    /// Why nothing more is heard, if so.
    pub gone: Option<String>,
    span: usize,
    zoom: Option<usize>,
    selected: Option<Subject>,
    /// The first row that is shown.
    pub offset: usize,
}

impl App {
    pub fn new(objective: Option<Threshold>) -> Self {
        Self {
            state: State::default(),
            paused: None,
            objective,
            sort: Sort::default(),
            reversed: false,
            filter: String::new(),
            filtering: false,
            helping: false,
            gone: None,
            span: 1,
            zoom: None,
            selected: None,
            offset: 0,
        }
    }

    /// Takes in what was said until `at`; while paused it does not show.
    pub fn take(&mut self, batches: Vec<Batch>, at: CaptureTime) {
        self.gone = None;
        self.state.take(batches, at);
    }

    /// What is shown.
    pub fn state(&self) -> &State {
        self.paused.as_ref().unwrap_or(&self.state)
    }

    pub const fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// The numbers are about the last so long.
    pub fn span(&self) -> Nanos {
        SPANS.get(self.span).copied().unwrap_or(STRIP_SPAN)
    }

    pub fn summary(&self) -> Summary {
        self.state().summary(self.span(), self.objective)
    }

    /// How long a column of a strip is, with so many of them.
    pub fn column(&self, columns: usize) -> Nanos {
        let window = self.state().length().map_or(Nanos::from_seconds(10), |length| length.span());
        let covers = |zoom: &&u64| window.0 * **zoom * columns as u64 >= STRIP_SPAN.0;
        let chosen = self.zoom.and_then(|zoom| ZOOMS.get(zoom));
        let fitting = || ZOOMS.iter().find(covers).or(ZOOMS.last());
        Nanos(window.0 * chosen.or_else(fitting).copied().unwrap_or(1))
    }

    /// The rows that are shown, in their order: each wire, and its routes behind it.
    pub fn rows(&self, summary: &Summary) -> Vec<Row> {
        let wanted = self.filter.to_lowercase();
        let text = |subject: &Subject| {
            format!("{} {}", subject.wire, subject.route.as_deref().unwrap_or_default())
        };
        let is_wanted = |row: &&Row| text(&row.subject).to_lowercase().contains(&wanted);
        let found: Vec<&Row> = summary.rows.iter().filter(is_wanted).collect();
        let has_found = |wire: &Row| found.iter().any(|row| row.subject.wire == wire.subject.wire);
        let wires = summary.rows.iter().filter(|row| row.subject.route.is_none());
        let mut wires: Vec<&Row> = wires.filter(|wire| has_found(wire)).collect();
        wires.sort_by(|one, other| self.order(one, other));
        let mut rows = Vec::new();
        for wire in wires {
            let routes = found.iter().filter(|row| row.subject.wire == wire.subject.wire);
            let mut routes: Vec<&Row> =
                routes.filter(|row| row.subject.route.is_some()).copied().collect();
            routes.sort_by(|one, other| self.order(one, other));
            rows.push(wire.clone());
            rows.extend(routes.into_iter().cloned());
        }
        rows
    }

    fn order(&self, one: &Row, other: &Row) -> Ordering {
        let order = self.sort.order(one, other);
        if self.reversed { order.reverse() } else { order }
    }

    /// The place of the selected row; the first one where none is.
    pub fn selected(&self, rows: &[Row]) -> Option<usize> {
        let is_selected = |row: &Row| Some(&row.subject) == self.selected.as_ref();
        rows.iter().position(is_selected).or((!rows.is_empty()).then_some(0))
    }

    /// Selects a row so many places away.
    fn select(&mut self, steps: isize) {
        let rows = self.rows(&self.summary());
        let place = self.selected(&rows).unwrap_or_default();
        let place = place.saturating_add_signed(steps).min(rows.len().saturating_sub(1));
        self.selected = rows.get(place).map(|row| row.subject.clone());
    }

    /// Shorter columns with −1, longer ones with 1.
    fn zoom_by(&mut self, steps: isize, columns: usize) {
        let window = self.state().length().map_or(1, |length| length.span().0);
        let now = self.column(columns).0 / window.max(1);
        let place = ZOOMS.iter().position(|zoom| *zoom == now).unwrap_or_default();
        self.zoom = Some(place.saturating_add_signed(steps).min(ZOOMS.len() - 1));
    }

    /// A key was pressed; a strip has so many columns.
    pub fn press(&mut self, key: KeyEvent, columns: usize) -> Wish {
        let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if with_control && matches!(key.code, KeyCode::Char('c' | 'd')) {
            return Wish::Quit;
        }
        if self.filtering {
            // A letter with Alt or Control is a command of somebody else's.
            if !key.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL) {
                self.type_filter(key.code);
            }
            return Wish::GoOn;
        }
        match key.code {
            KeyCode::Char('q') => return Wish::Quit,
            KeyCode::Esc if self.helping => self.helping = false,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.helping = !self.helping,
            KeyCode::Char(' ' | 'p') => {
                self.paused = if self.is_paused() { None } else { Some(self.state.clone()) };
            }
            KeyCode::Char('/' | 'f') => self.filtering = true,
            KeyCode::Char('s') | KeyCode::Right => self.sort = self.sort.beside(1),
            KeyCode::Char('S') | KeyCode::Left => self.sort = self.sort.beside(-1),
            KeyCode::Char('r') => self.reversed = !self.reversed,
            KeyCode::Char('t') => self.span = (self.span + 1) % SPANS.len(),
            KeyCode::Char('+' | '=') => self.zoom_by(-1, columns),
            KeyCode::Char('-') => self.zoom_by(1, columns),
            KeyCode::Up | KeyCode::Char('k') => self.select(-1),
            KeyCode::Down | KeyCode::Char('j') => self.select(1),
            KeyCode::PageUp => self.select(-PAGE),
            KeyCode::PageDown => self.select(PAGE),
            KeyCode::Home | KeyCode::Char('g') => self.select(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.select(isize::MAX),
            _ => {}
        }
        Wish::GoOn
    }

    fn type_filter(&mut self, key: KeyCode) {
        match key {
            KeyCode::Enter => self.filtering = false,
            KeyCode::Esc => (self.filtering, self.filter) = (false, String::new()),
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(letter) if self.filter.chars().count() < FILTER_MAX => {
                self.filter.push(letter);
            }
            _ => {}
        }
    }
}
