//! A dataset that is not here, on a real terminal, with a proxy that lets nothing through.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::channel;

use crate::rig::Terminal;

#[test]
fn a_missing_dataset_is_offered_and_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // All of it: what is left unread breaks the connection before it is answered.
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let _ = sender.send(first);
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let Some(terminal) = Terminal::with((120, 40), &[("HTTPS_PROXY", &proxy)]) else { return };
    terminal.open("--data-dir nothing");
    terminal.paste("resnet@cifar10");
    terminal.wait_for("the pasted spec is now the draft");
    terminal.keys("t");
    let screen = terminal.wait_for("cifar10 not found locally. Download 162 MiB");
    assert!(screen.replace(['│', '\n', ' '], "").contains("www.cs.toronto.edutonothing?"), "{screen}");
    assert!(asked.try_recv().is_err(), "asked before it was told to");
    terminal.keys("y L z");
    terminal.wait_for("cifar10 could not be downloaded");
    assert!(asked.recv().unwrap().starts_with("CONNECT www.cs.toronto.edu:443 "));

    // No is no.
    terminal.keys("t");
    terminal.wait_for("cifar10 not found locally. Download 162 MiB");
    terminal.keys("n");
    terminal.wait_for("no cifar10 here");
    terminal.keys("q");
    terminal.left_with(0);
}
