//! What a run asks of the system: no network, no other program, no file written but the report. Seen with `strace`.

use std::process::{Command, Stdio};

use crate::data::project;

#[test]
fn a_run_reads_and_writes_what_it_is_told_and_nothing_else() {
    let folder = tempfile();
    let trace = folder.join("trace");
    let report = folder.join("report.sarif");
    let fixture = project().join("fixtures/webshop");
    let status = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&trace)
        .args(["-e", "trace=network,process,open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,symlink"])
        .arg(env!("CARGO_BIN_EXE_keyaki"))
        .args(["check", "plan.json", "--standards", "keyaki.yaml", "--source", ".", "--exit-zero", "--output"])
        .arg(format!("sarif={}", report.display()))
        .current_dir(&fixture)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !status.is_ok_and(|status| status.success()) || !report.exists() {
        eprintln!("skipped: strace is not there or may not trace");
        return;
    }
    let text = std::fs::read_to_string(&trace).unwrap();
    let calls: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once(' ').map(|(_, call)| call.trim_start()))
        .collect();
    assert!(
        calls.iter().any(|call| call.contains("plan.json")),
        "the trace shows nothing: {text}"
    );
    let started = calls.iter().filter(|call| call.starts_with("execve(")).count();
    assert_eq!(started, 1, "{text}");
    let own = report.display().to_string();
    for call in calls {
        let is_thread = call.contains("CLONE_THREAD");
        let new_process = ["fork(", "vfork(", "clone(", "clone3("]
            .iter()
            .any(|name| call.starts_with(name))
            && !is_thread;
        let network = ["socket", "connect", "bind(", "sendto", "sendmsg"]
            .iter()
            .any(|name| call.starts_with(name));
        let writes = ["O_WRONLY", "O_RDWR", "O_CREAT"]
            .iter()
            .any(|flag| call.contains(flag))
            || ["creat(", "rename", "unlink", "mkdir", "link", "symlink"]
                .iter()
                .any(|name| call.starts_with(name));
        let allowed =
            call.contains(&own) || call.contains(&*folder.to_string_lossy()) || call.contains("/dev/null");
        assert!(!new_process && !network && (!writes || allowed), "{call}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn tempfile() -> std::path::PathBuf {
    let folder =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("quiet-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
