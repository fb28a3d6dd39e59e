//! A terminal that a test holds: tmux with a shell inside, and the program in the shell.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take before it counts as not happening; the machine may be slow
/// and busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Makes one file for each terminal's socket.
static TERMINALS: AtomicU32 = AtomicU32::new(0);

/// The tiny spec of the other tests: trains in a second or two.
pub const TINY: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=2 train_limit=60 \
                        val_limit=40 test_limit=50 probe_images=20";
/// Starts to train as fast, and never ends by itself.
pub const LONG: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=100000 \
                        train_limit=2000 val_limit=40 test_limit=50 probe_images=20";

/// The shell's prompt.
pub const PROMPT: &str = "ready>";

/// What the program has switched on in its terminal.
#[derive(Debug, PartialEq, Eq)]
pub struct Modes {
    pub alternate: bool,
    pub cursor: bool,
    pub mouse: bool,
    pub raw_keypad: bool,
}

impl Modes {
    /// As a shell wants them.
    pub const PLAIN: Self = Self { alternate: false, cursor: true, mouse: false, raw_keypad: false };
    /// As the screen has them.
    pub const SCREEN: Self = Self { alternate: true, cursor: false, mouse: true, raw_keypad: false };
}

/// A terminal with a shell in it, in a home of its own; gone when dropped.
pub struct Terminal {
    socket: String,
    home: TempDir,
}

impl Terminal {
    /// One of `columns` and `rows`; `None`, said on stderr, where there is no tmux.
    pub fn start(size: (u16, u16)) -> Option<Self> {
        Self::with(size, &[])
    }

    /// One whose shell has these variables too.
    pub fn with(size: (u16, u16), variables: &[(&str, &str)]) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            assert!(std::env::var_os("HIRESNET_REQUIRE_TMUX").is_none(), "tmux is missing");
            eprintln!("skipped: there is no tmux");
            return None;
        }
        let number = TERMINALS.fetch_add(1, Ordering::Relaxed);
        let socket = format!("hiresnet-{}-{number}", std::process::id());
        let terminal = Self { socket, home: TempDir::new().unwrap() };
        terminal.put_program();
        let home = terminal.home().display().to_string();
        let binary = assert_cmd::cargo::cargo_bin("hiresnet-tui").display().to_string();
        let mut words: Vec<String> =
            ["env", "-i", "TERM=screen-256color", "LANG=C.UTF-8"].map(str::to_owned).into();
        let all = [("HOME", home.as_str()), ("BIN", &binary), ("OUT", "runs")];
        let path = std::env::var("PATH").unwrap_or_default();
        words.push(format!("PATH={path}"));
        words.push(format!("PS1={PROMPT} "));
        words.extend(
            ["CONFIG", "STATE", "DATA"].map(|name| format!("XDG_{name}_HOME={home}/{}", name.to_lowercase())),
        );
        words.extend(all.iter().chain(variables).map(|(name, value)| format!("{name}={value}")));
        // Without readline, which would put modes right that the program left wrong.
        words.extend(["bash", "--norc", "--noprofile", "--noediting"].map(str::to_owned));
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        let mut arguments = vec!["new-session", "-d", "-x", &columns, "-y", &rows, "-c", &home];
        arguments.extend(words.iter().map(String::as_str));
        terminal.tmux(&arguments);
        terminal.wait_for(PROMPT);
        // Everything that is written to the terminal from here on.
        terminal.tmux(&["pipe-pane", &format!("cat > {home}/written")]);
        terminal.type_line("stty -a > before");
        terminal.wait_until("the terminal's settings", |_| terminal.home().join("before").exists());
        Some(terminal)
    }

    /// A script that becomes the program, and tells its process.
    fn put_program(&self) {
        let script = "echo $$ > \"$HOME/pid\"\nexec \"$BIN\" --device \"${DEVICE:-cpu}\" --threads 1 --out \"$OUT\" \"$@\"\n";
        fs::write(self.home().join("run"), script).unwrap();
    }

    /// Its home, and the folder it is in.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes the program's config file.
    pub fn configure(&self, text: &str) {
        let folder = self.home().join("config/hiresnet-tui");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-u", "-L", &self.socket, "-f", "/dev/null"]).args(arguments);
        // Sockets outlive their servers; this one goes with the home.
        command.env_remove("TMUX").env("TMUX_TMPDIR", self.home()).env("LC_ALL", "C.UTF-8");
        command
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Presses keys by tmux's names, between spaces.
    pub fn keys(&self, keys: &str) {
        let mut arguments = vec!["send-keys"];
        arguments.extend(keys.split(' '));
        self.tmux(&arguments);
    }

    /// Types text as it is.
    pub fn type_text(&self, text: &str) {
        // A semicolon at the end would end tmux's command.
        assert!(!text.ends_with(';'));
        self.tmux(&["send-keys", "-l", "--", text]);
    }

    /// Types a line for the shell.
    pub fn type_line(&self, text: &str) {
        self.type_text(text);
        self.keys("Enter");
    }

    /// Pastes text, as a terminal does: between marks where the program wants them.
    pub fn paste(&self, text: &str) {
        self.tmux(&["set-buffer", "--", text]);
        self.tmux(&["paste-buffer", "-p"]);
    }

    /// Clicks on the first cell of `text`, as a terminal says it (SGR).
    pub fn click(&self, text: &str) {
        let screen = self.screen();
        let found = screen
            .lines()
            .enumerate()
            .find_map(|(row, line)| line.find(text).map(|at| (line[..at].chars().count() + 1, row + 1)));
        let (column, row) = found.unwrap_or_else(|| panic!("no '{text}' to click on:\n{screen}"));
        self.mouse(0, column, row, 'M');
        self.mouse(0, column, row, 'm');
    }

    /// Bytes as they are.
    pub fn raw(&self, bytes: &[u8]) {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut arguments = vec!["send-keys", "-H"];
        arguments.extend(bytes.iter().map(String::as_str));
        self.tmux(&arguments);
    }

    /// What a terminal says of its mouse: a button (35 is none, moving), where, and whether
    /// it is pressed (`M`) or let go (`m`).
    pub fn mouse(&self, button: u8, column: usize, row: usize, how: char) {
        self.raw(format!("\x1b[<{button};{column};{row}{how}").as_bytes());
    }

    /// Writes to the terminal past the program, as another process would.
    pub fn scribble(&self, text: &str) {
        let tty = self.tmux(&["display-message", "-p", "#{pane_tty}"]);
        fs::write(tty.trim(), text).unwrap();
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Everything written to the terminal so far.
    pub fn written(&self) -> Vec<u8> {
        fs::read(self.home().join("written")).unwrap_or_default()
    }

    /// Waits until `text` is on the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the screen, or the world, is as wanted.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(started.elapsed() < LIMIT, "waited in vain for: {what}\n{screen}");
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    /// Waits until the program's main thread has woken so many times more.
    pub fn wait_for_wakes(&self, count: u64) {
        let process = self.process();
        let before = wakes(process);
        self.wait_until("it wakes", |_| wakes(process) >= before + count);
    }

    /// What is switched on now.
    pub fn modes(&self) -> Modes {
        let format = "#{alternate_on}#{cursor_flag}#{mouse_any_flag}#{keypad_flag}";
        let flags = self.tmux(&["display-message", "-p", format]);
        let on: Vec<_> = flags.trim().chars().map(|flag| flag == '1').collect();
        Modes { alternate: on[0], cursor: on[1], mouse: on[2], raw_keypad: on[3] }
    }

    /// Waits until it is in these modes: they change beside what is on the screen.
    pub fn wait_for_modes(&self, wanted: Modes) {
        self.wait_until(&format!("{wanted:?}"), |_| self.modes() == wanted);
    }

    /// Changes the terminal's size.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Resets the terminal itself: its modes, and what is on it.
    pub fn wipe(&self) {
        self.tmux(&["send-keys", "-R"]);
    }

    /// Kills the terminal, as if its window had crashed.
    pub fn kill(&self) {
        signal(self.tmux(&["display-message", "-p", "#{pid}"]).trim().parse().unwrap(), Signal::KILL);
    }

    /// Opens the screen with further arguments, and waits until it is there.
    pub fn open(&self, arguments: &str) {
        self.type_line(&format!("sh run {arguments}; echo left with $?"));
        self.wait_for("fashion-embedded");
        assert!(self.modes().alternate);
    }

    /// Makes `spec` the draft, trains it, and waits until an epoch has ended.
    pub fn train(&self, spec: &str) {
        let before = self.runs().len();
        self.paste(spec);
        self.wait_for("the pasted spec is now the draft");
        self.keys("t");
        let is_asked = |screen: &str| screen.contains("─Train again?─");
        let screen = self.wait_until("a start", |screen| is_asked(screen) || self.runs().len() > before);
        if is_asked(&screen) {
            self.keys("y");
        }
        self.wait_until("an epoch's end", |_| {
            self.runs().len() > before && self.events().iter().any(|event| event["event"] == "epoch_ended")
        });
    }

    /// Waits until the program has ended with `code`, and has left the terminal as it was.
    pub fn left_with(&self, code: u8) -> String {
        let screen = self.wait_for(&format!("left with {code}"));
        self.is_as_before();
        screen
    }

    /// Asserts that the terminal is as it was before the program was started.
    pub fn is_as_before(&self) {
        self.type_line("stty -a > after; echo $((6*7))42");
        self.wait_for("4242");
        let read = |name: &str| fs::read_to_string(self.home().join(name)).unwrap();
        assert_eq!(read("after"), read("before"));
        assert_eq!(self.modes(), Modes::PLAIN, "{}", self.screen());
        // Pasted text comes without marks; cat shows them, as the line discipline echoes them.
        self.type_line("clear; echo $((7*7))77; cat -v");
        self.wait_for("4977");
        self.paste("some text\n");
        self.wait_until("pasted text, twice", |screen| screen.matches("some text").count() == 2);
        assert!(!self.screen().contains("200~"), "{}", self.screen());
        self.keys("C-d");
        self.type_line("clear");
    }

    /// The program's process.
    pub fn process(&self) -> i32 {
        fs::read_to_string(self.home().join("pid")).unwrap().trim().parse().unwrap()
    }

    /// Sends the program a signal.
    pub fn signal(&self, which: Signal) {
        signal(self.process(), which);
    }

    /// The folders of its runs, oldest first.
    pub fn runs(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.home().join("runs")) else { return Vec::new() };
        let mut runs: Vec<_> = entries.map(|e| e.unwrap().path()).filter(|path| path.is_dir()).collect();
        // One without a spec has just been made.
        let began = |path: &PathBuf| fs::metadata(path.join("spec.toml")).and_then(|facts| facts.modified());
        runs.sort_by_key(|path| began(path).unwrap_or_else(|_| SystemTime::now()));
        runs
    }

    /// The events of the newest run, as far as they are whole.
    pub fn events(&self) -> Vec<Value> {
        let Some(run) = self.runs().pop() else { return Vec::new() };
        let text = fs::read_to_string(run.join("events.jsonl")).unwrap_or_default();
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// How the newest run ended; its record is whole.
    pub fn outcome(&self) -> Value {
        let text = fs::read_to_string(self.runs().pop().unwrap().join("events.jsonl")).unwrap();
        assert!(text.ends_with('\n'), "a torn record: {text}");
        let events = self.events();
        let last = events.last().unwrap();
        assert_eq!(last["event"], "finished", "{last}");
        last["outcome"].clone()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Whatever a failed test leaves behind ends with its terminal, or at once.
        let _ = self.command(&["kill-server"]).output();
        let pid = fs::read_to_string(self.home().join("pid")).ok().and_then(|pid| pid.trim().parse().ok());
        if let Some(pid) = pid.filter(|pid| state(*pid).is_some()) {
            signal(pid, Signal::KILL);
        }
    }
}

fn signal(pid: i32, signal: Signal) {
    // Fails where the process has gone, which its record and the shell tell.
    let _ = kill_process(Pid::from_raw(pid).unwrap(), signal);
}

/// What a process does: `S`, `R`, `T` for stopped; `None` where it has ended.
pub fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next().filter(|state| *state != 'Z')
}

/// How often the main thread of a process has gone to sleep by itself.
fn wakes(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    line.trim().parse().unwrap()
}

/// The processor time that a process has used, in clock ticks: hundredths of a second.
pub fn ticks(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    after[11].parse::<u64>().unwrap() + after[12].parse::<u64>().unwrap()
}
