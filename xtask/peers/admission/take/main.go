// take copies the functions that decide out of the modules that go.mod pins, word for word, so that they
// can be built without all that their packages bring: clients of clouds, of clusters and of registries.
//
//	take FOLDER    writes them there, and FOLDER/overlay.json, for `go build -overlay`
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// What is taken from one file.
type piece struct {
	module string
	file   string
	// Names of declarations; a method is `Type.Name`. None: all of the file.
	names []string
	// The package of ours that it goes to.
	to string
}

var pieces = []piece{
	{
		module: "github.com/kyverno/kyverno",
		file:   "pkg/image/verifiers/cpol/cosign/cosign.go",
		names:  []string{"matchSignatures", "matchCertificateData", "matchExtensions", "extractCertExtensionValue"},
		to:     "kyverno",
	},
	{
		module: "github.com/kyverno/kyverno",
		file:   "pkg/image/verifiers/cpol/cosign/sigstore.go",
		names:  []string{"buildPolicy"},
		to:     "kyverno",
	},
	{module: "github.com/sigstore/cosign/v3", file: "pkg/cosign/certextensions.go", to: "cosign"},
	{
		module: "github.com/sigstore/cosign/v3",
		file:   "pkg/cosign/errors.go",
		names:  []string{"VerificationFailure", "VerificationFailure.Error"},
		to:     "cosign",
	},
	{
		module: "github.com/sigstore/cosign/v3",
		file:   "pkg/cosign/verify.go",
		names:  []string{"Identity", "CheckCertificatePolicy", "validateCertExtensions"},
		to:     "cosign",
	},
	{module: "github.com/sigstore/sigstore-go", file: "pkg/verify/certificate_identity.go", to: "verify"},
	{
		module: "github.com/sigstore/policy-controller",
		file:   "pkg/apis/policy/v1beta1/clusterimagepolicy_types.go",
		names:  []string{"Identity"},
		to:     "controller",
	},
	{
		module: "github.com/sigstore/policy-controller",
		file:   "pkg/apis/policy/v1beta1/clusterimagepolicy_validation.go",
		names:  []string{"Identity.Validate", "ValidateRegex"},
		to:     "controller",
	},
}

// Packages in whose place ours stand, which hold no more than is needed.
var instead = map[string]string{
	"github.com/sigstore/cosign/v3/pkg/cosign":       "cosign",
	"github.com/sigstore/cosign/v3/pkg/oci":          "oci",
	"github.com/sigstore/sigstore-go/pkg/verify":     "verify",
	"github.com/kyverno/kyverno/pkg/image/verifiers": "verifiers",
}

const own = "sealwright.dev/peers/admission/"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: take FOLDER")
		os.Exit(1)
	}
	if err := take(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "take:", err)
		os.Exit(1)
	}
}

func take(folder string) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	replace := map[string]string{}
	for number, one := range pieces {
		text, err := one.text()
		if err != nil {
			return fmt.Errorf("%s of %s: %w", one.file, one.module, err)
		}
		name := fmt.Sprintf("taken_%d.go", number)
		path := filepath.Join(folder, one.to+"_"+name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
		replace[filepath.Join(here, one.to, name)] = path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "overlay.json"), overlay, 0o644)
}

// The folder of a module, in the version of go.mod and with the checksum of go.sum.
func folderOf(module string) (string, error) {
	said, err := exec.Command("go", "mod", "download", "-json", module).Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, said)
	}
	var found struct{ Dir string }
	err = json.Unmarshal(said, &found)
	return found.Dir, err
}

func (p piece) text() ([]byte, error) {
	folder, err := folderOf(p.module)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	path := filepath.Join(folder, p.file)
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	at := func(place token.Pos) int { return files.Position(place).Offset }
	var declared strings.Builder
	missing := slices.Clone(p.names)
	used := map[string]bool{}
	for _, declaration := range file.Decls {
		name := nameOf(declaration)
		if name == "import" || (p.names != nil && !slices.Contains(p.names, name)) {
			continue
		}
		missing = slices.DeleteFunc(missing, func(one string) bool { return one == name })
		declared.Write(source[at(declaration.Pos()):at(declaration.End())])
		declared.WriteString("\n\n")
		selected(declaration, used)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("it no longer declares %s", strings.Join(missing, ", "))
	}
	var text strings.Builder
	fmt.Fprintf(&text, "package %s\n\n", p.to)
	for _, one := range file.Imports {
		text.WriteString(imported(one, used))
	}
	text.WriteString(declared.String())
	return format.Source([]byte(text.String()))
}

func nameOf(declaration ast.Decl) string {
	switch one := declaration.(type) {
	case *ast.FuncDecl:
		if one.Recv == nil {
			return one.Name.Name
		}
		receiver := one.Recv.List[0].Type
		if pointer, ok := receiver.(*ast.StarExpr); ok {
			receiver = pointer.X
		}
		return fmt.Sprintf("%s.%s", receiver, one.Name.Name)
	case *ast.GenDecl:
		if one.Tok == token.IMPORT {
			return "import"
		}
		if of, ok := one.Specs[0].(*ast.TypeSpec); ok {
			return of.Name.Name
		}
	}
	return ""
}

// Every name before a dot, packages among them.
func selected(declaration ast.Decl, used map[string]bool) {
	ast.Inspect(declaration, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok {
				used[name.Name] = true
			}
		}
		return true
	})
}

// The line that imports a package, where something of it is used.
func imported(one *ast.ImportSpec, used map[string]bool) string {
	path := strings.Trim(one.Path.Value, `"`)
	name := filepath.Base(path)
	if one.Name != nil {
		name = one.Name.Name
	}
	if !used[name] {
		return ""
	}
	if ours, ok := instead[path]; ok {
		path = own + ours
	}
	return fmt.Sprintf("import %s %q\n", name, path)
}
