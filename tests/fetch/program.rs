//! The same through the command line.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

use super::server::{Reply, Server, Then};

/// Bytes of `cifar-10-binary.tar.gz`.
const BYTES: usize = 170_052_171;

const PROXIES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

fn plain() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
    PROXIES.iter().for_each(|name| _ = command.env_remove(name));
    command.env_remove("HIRESNET_DATA").env("HIRESNET_CACHE", "");
    command
}

fn data(args: &[&str], folder: &Path) -> Command {
    let mut command = Command::from_std(plain());
    command.arg("data").args(args).arg("--data-dir").arg(folder).timeout(Duration::from_secs(300));
    command
}

#[test]
fn what_goes_wrong_is_said_and_exits_with_1() {
    let folder = TempDir::new().unwrap();
    let server = Server::new(|asked, _| match asked.path() {
        "/here/cifar-10-binary.tar.gz" => Reply::whole(b"hello"),
        _ => Reply::status("404 Not Found"),
    });
    let mirror = server.url() + "/here/";
    data(&["fetch", "cifar10", "CIFAR100", "--mirror", &mirror], folder.path())
        .assert()
        .code(1)
        .stderr(contains("announces 5 bytes, expected 170052171"))
        .stderr(contains("cifar100: ").and(contains("there is no such file (status 404)")))
        .stderr(contains("cifar10: 162 MiB in 1 file from http://127.0.0.1:"));
    assert_eq!(server.asked().len(), 3);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    data(&["fetch", "cifar10", "--form", "python", "--mirror", &mirror], folder.path()).assert().code(1);
    assert_eq!(server.asked()[3].path(), "/here/cifar-10-python.tar.gz");
    data(&["fetch", "mnist", "--mirror", &mirror], folder.path()).assert().code(1);
    assert_eq!(server.asked()[4].path(), "/here/train-images-idx3-ubyte.gz");
    assert!(folder.path().join("mnist").is_dir());
    data(&["fetch", "fashion-embedded"], folder.path()).assert().success().stdout(contains("built in"));

    // A mirror's password is shown nowhere, however much is told.
    let with_user = mirror.replace("http://", "http://me:secret@");
    let said = data(&["fetch", "cifar10", "--mirror", &with_user], folder.path())
        .env("HIRESNET_LOG", "trace")
        .assert()
        .code(1)
        .stderr(contains(format!("from {mirror} to ")).and(contains("a try to fetch failed")))
        .get_output()
        .stderr
        .clone();
    let said = String::from_utf8(said).unwrap();
    assert!(!said.contains("secret"), "{said}");

    for (args, said) in [
        (&["fetch", "cifar11"][..], "did you mean 'cifar10'?"),
        (&["fetch", "cifar10", "--mirror", "file:///tmp"], "--mirror"),
        (&["fetch", "cifar10", "--form", "matlab"], "binary, python"),
        (&["fetch"], "DATASET"),
    ] {
        data(args, folder.path()).assert().code(2).stderr(contains(said));
    }
    let mut command = data(&["fetch", "cifar10"], folder.path());
    command.env("HTTPS_PROXY", "ftp://me:secret@x").assert().code(2).stderr(contains("secret").not());
}

#[test]
fn ctrl_c_leaves_a_part_that_is_gone_on_with() {
    let folder = TempDir::new().unwrap();
    let server = Server::new(|asked, _| match asked.from() {
        None => {
            let head = format!("200 OK\nETag: \"v\"\nContent-Length: {BYTES}");
            Reply::new(&head, &[7; 300_000]).then(Then::Hang)
        }
        Some(_) => Reply::status("404 Not Found"),
    });
    let mirror = server.url();
    let mut child = plain()
        .args(["data", "fetch", "cifar10", "--mirror", &mirror, "--data-dir"])
        .arg(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let part = folder.path().join("cifar-10-binary.tar.gz.part");
    let deadline = Instant::now() + Duration::from_secs(120);
    while fs::metadata(&part).map_or(0, |facts| facts.len()) < 300_000 {
        assert!(Instant::now() < deadline, "nothing comes");
        std::thread::sleep(Duration::from_millis(10));
    }
    // Another one meanwhile.
    data(&["fetch", "cifar10", "--mirror", &mirror], folder.path())
        .assert()
        .code(1)
        .stderr(contains("another process is fetching this file"));
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("interrupted; run the same command again to resume"), "{said}");
    assert_eq!(fs::read(&part).unwrap(), [7; 300_000]);

    data(&["fetch", "cifar10", "--mirror", &mirror], folder.path()).assert().code(1);
    let asked = server.asked().pop().unwrap();
    assert_eq!((asked.from(), asked.header("if-range")), (Some(300_000), Some("\"v\"")));
}

#[test]
fn proxies_are_heeded() {
    // A name that only the proxy knows, or nobody.
    let mirror = "http://datasets.invalid/x";
    let proxy = Server::new(|asked, _| match asked.line.starts_with("CONNECT") {
        true => Reply { bytes: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), then: Then::Serve },
        false => Reply::status("410 Gone"),
    });
    let folder = TempDir::new().unwrap();
    let fetch = || data(&["fetch", "cifar10", "--mirror", mirror], folder.path());
    fetch().env("HTTP_PROXY", proxy.url()).assert().code(1).stderr(contains("(status 410)"));
    let lines: Vec<_> = proxy.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["CONNECT datasets.invalid:80 HTTP/1.1", "GET /x/cifar-10-binary.tar.gz HTTP/1.1"]);
    // Without it there is no such host, which is said after a second try.
    let said =
        contains("http://datasets.invalid/x/cifar-10-binary.tar.gz: ").and(contains("(after 2 tries)"));
    fetch().assert().code(1).stderr(said);
    // One that refuses, or cannot be reached, is named, but not its user.
    let refuses = Server::new(|_, _| Reply::status("407 Proxy Authentication Required"));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (port, said) in [(refuses.port, " refuses: status 407"), (nobody, ")")] {
        let with_user = format!("http://me:secret@127.0.0.1:{port}");
        let named = contains(format!("the proxy http://127.0.0.1:{port}{said}"));
        fetch().env("HTTP_PROXY", with_user).assert().code(1).stderr(named.and(contains("secret").not()));
    }
    // Not asked where the host is one of those to be asked directly.
    let here = Server::new(|_, _| Reply::status("404 Not Found"));
    let mut command = data(&["fetch", "cifar10", "--mirror", &here.url()], folder.path());
    command.env("ALL_PROXY", proxy.url()).env("NO_PROXY", "127.0.0.1").assert().code(1);
    assert_eq!((proxy.asked().len(), here.asked().len()), (2, 1));
}

#[test]
fn datasets_are_listed_found_and_verified() {
    let folder = TempDir::new().unwrap();
    let list = || -> Vec<Value> {
        let said = data(&["list", "--json"], folder.path()).assert().success().get_output().stdout.clone();
        serde_json::from_slice(&said).unwrap()
    };
    let rows = list();
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["fashion-embedded", "fashion", "mnist", "cifar10", "cifar100", "tiny-imagenet"]);
    assert!(rows.iter().all(|row| row["found"].is_null() && row["licence"].is_string()));
    assert_eq!(
        (&rows[3]["download_bytes"], &rows[5]["train_images"]),
        (&BYTES.into(), &Value::from(100_000))
    );
    data(&["path", "cifar10"], folder.path()).assert().code(1).stderr(contains("data fetch cifar10"));
    let shown = folder.path().to_str().unwrap().to_owned();
    data(&["path"], folder.path()).assert().success().stdout(shown.clone() + "\n");
    let all_missing = contains("missing  cifar10").and(contains("missing  fashion\n"));
    data(&["verify"], folder.path()).assert().success().stdout(all_missing);

    let archive = folder.path().join("cifar-10-binary.tar.gz");
    fs::write(&archive, "not it").unwrap();
    assert_eq!(list()[3]["found"].as_str().unwrap(), archive.to_str().unwrap());
    data(&["path", "cifar10"], folder.path())
        .assert()
        .code(1)
        .stdout(contains("10-binary.tar.gz\n"))
        .stderr(contains("cifar10 cannot be read: "));
    data(&["verify"], folder.path())
        .assert()
        .code(1)
        .stdout(contains("differs  cifar10: ").and(contains("6 bytes long, expected 170052171")));
    data(&["verify", "cifar100"], folder.path())
        .assert()
        .code(1)
        .stdout(contains("missing  cifar100\n"))
        .stderr(contains("cifar100 not found locally; get it with 'hiresnet-tui data fetch cifar100'"));
    data(&["fetch", "cifar10"], folder.path())
        .assert()
        .code(1)
        .stderr(contains("another file is already here"));
    let text = data(&["list"], folder.path()).assert().success().get_output().stdout.clone();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("50,000 + 10,000") && text.contains("162 MiB"), "{text}");
    assert!(text.contains("https://www.cs.toronto.edu/~kriz/cifar.html"), "{text}");

    // Unpacked, it is here all the same, and is read to tell whether it is whole.
    fs::create_dir(folder.path().join("cifar-100-binary")).unwrap();
    for name in ["train.bin", "test.bin"] {
        fs::write(folder.path().join("cifar-100-binary").join(name), "").unwrap();
    }
    data(&["verify", "cifar100"], folder.path())
        .assert()
        .code(1)
        .stdout(contains("broken   cifar100: ").and(contains("train.bin: 0 bytes, not a whole number")));
}

#[test]
fn what_a_dataset_lacks_of_the_official_one_is_said() {
    let folder = TempDir::new().unwrap();
    let within = folder.path().join("cifar-10-batches-bin");
    fs::create_dir(&within).unwrap();
    for name in (1..=5).map(|i| format!("data_batch_{i}.bin")).chain(["test_batch.bin".into()]) {
        fs::write(within.join(name), vec![3; 20 * 3073]).unwrap();
    }
    let list = data(&["list", "--json"], folder.path()).assert().success().get_output().stdout.clone();
    let list: Vec<Value> = serde_json::from_slice(&list).unwrap();
    let row = list.iter().find(|row| row["name"] == "cifar10").unwrap();
    let said = "100 of 50,000 training images, 20 of 10,000 test images";
    assert_eq!(row["short"], format!("short: {said}"));
    assert_eq!((&row["train_images"], &row["train_images_here"]), (&50_000.into(), &100.into()));
    assert_eq!((&row["test_images"], &row["test_images_here"]), (&10_000.into(), &20.into()));
    assert!(row["problem"].as_str().unwrap().contains("no training image of class 0"), "{row}");
    let embedded = &list[0];
    assert_eq!((&embedded["train_images_here"], &embedded["short"]), (&10_000.into(), &Value::Null));
    assert!(list.iter().filter(|row| row["train_images_here"].is_number()).count() == 2);
    data(&["list"], folder.path()).assert().success().stdout(contains(format!("  short: {said}\n")));
    let named = data(&["verify", "cifar10"], folder.path()).assert().code(1).get_output().stdout.clone();
    let named = String::from_utf8(named).unwrap();
    assert!(named.contains(&format!("short    cifar10: {said}\n")), "{named}");
    // What cannot be counted is told, and the rest all the same.
    fs::write(within.join("test_batch.bin"), "x").unwrap();
    let fault = contains("  cannot be read: ").and(contains("not a whole number of"));
    data(&["list"], folder.path()).assert().success().stdout(fault.and(contains("tiny-imagenet")));
}
