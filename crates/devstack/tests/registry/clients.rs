//! A real client library pushes and pulls.

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{OciDescriptor, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use sealwright_devstack::registry::{Account, Auth, RegistryOptions};

use crate::world::{World, client};

const LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";

fn oci_client(world: &World) -> Client {
    // Installs the cryptography provider.
    drop(client());
    let hosts = vec![world.registry.address().to_string()];
    let config =
        ClientConfig { protocol: ClientProtocol::HttpsExcept(hosts), ..Default::default() };
    Client::try_from(config).unwrap()
}

fn reference(world: &World, tag: &str) -> Reference {
    format!("{}/acme/platform/manifests:{tag}", world.registry.address()).parse().unwrap()
}

async fn push(client: &Client, to: &Reference, bytes: &[u8], auth: &RegistryAuth) -> String {
    let layers = [ImageLayer::new(bytes.to_vec(), LAYER.to_owned(), None)];
    let config = Config::oci_v1(b"{}".to_vec(), None);
    client.push(to, &layers, config, auth, None).await.unwrap().manifest_url
}

#[tokio::test]
async fn oci_client_pushes_and_pulls() {
    let auth = Auth::Bearer {
        account: Account {
            user: "robot".to_owned(),
            password: "s3cret".to_owned(),
            anonymous_pull: true,
        },
        lifetime: std::time::Duration::from_secs(60),
        refresh_token: None,
    };
    for (auth, credentials) in [
        (Auth::None, RegistryAuth::Anonymous),
        (auth, RegistryAuth::Basic("robot".to_owned(), "s3cret".to_owned())),
    ] {
        let world = World::new(RegistryOptions { auth, ..Default::default() });
        let (client, reference) = (oci_client(&world), reference(&world, "v1"));
        // Larger than one chunk, so that it goes in pieces.
        let bytes = vec![7; 5 << 20];
        push(&client, &reference, &bytes, &credentials).await;
        let stranger = oci_client(&world);
        let pulled =
            stranger.pull(&reference, &RegistryAuth::Anonymous, vec![LAYER]).await.unwrap();
        assert!(pulled.layers[0].data == bytes);
        let tags = stranger.list_tags(&reference, &RegistryAuth::Anonymous, None, None).await;
        assert_eq!(tags.unwrap().tags, ["v1"]);
        assert_eq!(world.registry.open_uploads(), 0);
    }
}

#[tokio::test]
async fn oci_client_reads_referrers_with_the_api_and_without() {
    for (referrers_api, listed) in [(true, 1), (false, 0)] {
        let world = World::new(RegistryOptions { referrers_api, ..Default::default() });
        let (client, reference) = (oci_client(&world), reference(&world, "v1"));
        push(&client, &reference, b"layer", &RegistryAuth::Anonymous).await;
        let (manifest, digest) =
            client.pull_manifest(&reference, &RegistryAuth::Anonymous).await.unwrap();
        let OciManifest::Image(mut manifest) = manifest else { panic!("an image was pushed") };
        manifest.subject = Some(OciDescriptor {
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            digest: digest.clone(),
            size: 1,
            ..Default::default()
        });
        manifest.artifact_type = Some("application/x.evidence".to_owned());
        let referrer = self::reference(&world, "evidence");
        client.push_manifest(&referrer, &OciManifest::Image(manifest)).await.unwrap();
        let by_digest = reference.clone_with_digest(digest);
        let referrers = client.pull_referrers(&by_digest, None).await.unwrap();
        assert_eq!(referrers.manifests.len(), listed, "the API is on: {referrers_api}");
    }
}
