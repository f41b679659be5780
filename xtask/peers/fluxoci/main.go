// fluxoci pushes and pulls artifacts with the library that `flux push artifact` and
// source-controller's relatives use, so that we can prove interoperability without the flux CLI.
//
//	fluxoci push REFERENCE DIR [SOURCE_URL REVISION]   prints the digest reference
//	fluxoci pull REFERENCE DIR                          untars the layer into DIR
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fluxcd/pkg/oci"
	"github.com/google/go-containerregistry/pkg/crane"
)

const patience = time.Minute

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fluxoci:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: fluxoci push|pull REFERENCE DIR [SOURCE_URL REVISION]")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client := oci.NewClient([]crane.Option{crane.Insecure})
	switch args[0] {
	case "push":
		return push(ctx, client, args[1:])
	case "pull":
		return pull(ctx, client, args[1], args[2])
	default:
		return fmt.Errorf("unknown command %q: push or pull", args[0])
	}
}

func push(ctx context.Context, client *oci.Client, args []string) error {
	metadata := oci.Metadata{Source: "https://github.com/acme/platform", Revision: "main@sha1:0000000000000000000000000000000000000000"}
	if len(args) >= 4 {
		metadata.Source, metadata.Revision = args[2], args[3]
	}
	reference, err := client.Push(ctx, args[0], args[1], oci.WithPushMetadata(metadata))
	if err != nil {
		return err
	}
	fmt.Println(reference)
	return nil
}

func pull(ctx context.Context, client *oci.Client, reference, dir string) error {
	metadata, err := client.Pull(ctx, reference, dir)
	if err != nil {
		return err
	}
	fmt.Println(metadata.Digest)
	return nil
}
