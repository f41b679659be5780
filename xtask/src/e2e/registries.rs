//! Every registry that runs here: publish on it, and judge what it gives back.

use camino::Utf8PathBuf;

use super::cases::{Cases, again};
use super::cosign::Cosign;
use super::instance::Instance;
use super::ours::Ours;
use super::world::World;
use crate::failure::Outcome;
use crate::program::{Service, free_port};

/// A running registry.
struct Registry {
    address: String,
    _service: Option<Service>,
}

/// Publishes on each registry with the same Sigstore, and has both verifiers read from it.
pub(super) fn run(cases: &mut Cases, world: &World, instance: &Instance) {
    on(cases, world, instance, "distribution 3.1", "distribution", distribution(world, "registry"));
    match world.tools.system("docker-registry") {
        Some(_) => {
            let registry = distribution(world, "docker-registry");
            on(cases, world, instance, "Debian docker-registry", "docker-registry", registry);
        }
        None => cases.not_run(
            "registry Debian docker-registry: publish and verify",
            "Debian docker-registry",
            "docker-registry is not installed (`apt-get install docker-registry`)",
        ),
    }
    on(cases, world, instance, "crane registry serve", "crane", crane(world));
    let with_api = world.stack.endpoints().registry.clone();
    let with_api = Ok(Registry { address: with_api, _service: None });
    on(cases, world, instance, "dev registry with the referrers API", "dev-api", with_api);
    let without = world.stack_without_referrers_api();
    let address = without.as_ref().map(|stack| stack.endpoints().registry.clone());
    let without = match address {
        Ok(address) => Ok(Registry { address, _service: None }),
        Err(failure) => Err(again(failure)),
    };
    on(cases, world, instance, "dev registry without the referrers API", "dev-tag", without);
}

fn on(
    cases: &mut Cases,
    world: &World,
    instance: &Instance,
    name: &str,
    slug: &str,
    registry: Outcome<Registry>,
) {
    cases.run(&format!("registry {name}: publish and verify"), name, || {
        let registry = registry.as_ref().map_err(again)?;
        let ours = Ours::new(world, instance, &registry.address, &format!("on-{slug}"))?;
        let reference = ours.at(&ours.publish()?.digest);
        let seen = ours.insist_verified(&reference)?;
        Ok(format!("{seen}; {}", Cosign { world, instance }.verify(&reference)?))
    });
}

/// distribution's registry, of either version: same configuration.
fn distribution(world: &World, name: &str) -> Outcome<Registry> {
    let port = free_port()?;
    let folder = world.folder.join(name);
    let config: Utf8PathBuf = folder.join("config.yml");
    let text = format!(
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {folder}/data\n\
         http:\n  addr: 127.0.0.1:{port}\n"
    );
    world.write(&config, text.as_bytes())?;
    let program = match world.tools.system(name) {
        Some(program) if name != "registry" => program,
        _ => world.tools.peer(name)?,
    };
    let mut service =
        program.args(["serve", config.as_str()]).serve(&folder.join("registry.log"))?;
    service.wait_for_port(port)?;
    Ok(Registry { address: format!("127.0.0.1:{port}"), _service: Some(service) })
}

fn crane(world: &World) -> Outcome<Registry> {
    let address = format!("127.0.0.1:{}", free_port()?);
    let program = world.tools.peer("crane")?.args(["registry", "serve", "--address", &address]);
    let mut service = program.serve(&world.folder.join("crane-registry.log"))?;
    let url = format!("http://{address}/v2/");
    service.wait_until(|| ureq::get(&url).call().is_ok())?;
    Ok(Registry { address, _service: Some(service) })
}
