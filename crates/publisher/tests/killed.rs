//! The process is killed at every write it makes, and run again.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod stage;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sealwright_devstack::registry::{Effect, Fault, RegistryOptions};
use sealwright_policy::Verdict;

use stage::Stage;

/// Longer than any test: the request that meets it hangs until the process is gone.
const FOR_EVER: Effect = Effect::Delay { milliseconds: 600_000 };

/// `publish` into the repository of this path.
fn publisher(stage: &Stage, path: &str) -> Command {
    let config = fs::read_to_string(stage.path().join("sealwright.yaml")).unwrap();
    let config = stage.write("case.yaml", &config.replace("acme/platform/manifests", path));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright-publisher"));
    command
        .env_clear()
        .args(["publish", "--config", config.as_str()])
        .args(["--registry", &stage.registry()])
        .args(["--trust", stage.stack.sigstore().trust_folder().as_str()])
        .args(["--github-issuer", stage.stack.sigstore().issuer_url()])
        .args(["--token-file", stage.path().join("token").as_str()])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Waits until the fault has struck (and the process hangs) or the process has ended.
fn hangs(stage: &Stage, child: &mut Child) -> bool {
    loop {
        if stage.stack.registry().faults().is_empty() {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_write_it_leaves_nothing_unproven_and_finishes_when_run_again() {
    // Without the referrers API there are the writes of the fallback index more.
    let stage = Stage::with(RegistryOptions { referrers_api: false, ..RegistryOptions::default() });
    for number in 0.. {
        let path = format!("acme/killed-{number}");
        let fault = Fault::new(FOR_EVER).method("PUT").after(number).once();
        stage.stack.registry().set_faults(vec![fault]);
        let mut child = publisher(&stage, &path).spawn().unwrap();
        let killed = hangs(&stage, &mut child);
        child.kill().unwrap();
        child.wait().unwrap();
        stage.stack.registry().set_faults(vec![]);
        let case = format!("killed at write {number}");
        let tag = stage.verdict(&path, "latest").await;
        assert!(matches!(tag, None | Some(Verdict::Verified)), "{tag:?}, {case}");
        if !killed {
            assert!(number > 8, "no such write was ever met: {case}");
            break;
        }
        let again = publisher(&stage, &path).status().unwrap();
        assert!(again.success(), "{again}, {case}");
        assert_eq!(stage.verdict(&path, "latest").await, Some(Verdict::Verified), "{case}");
    }
}
