package deploy_test

import (
	_ "github.com/compose-spec/compose-go/v2/cli"
	_ "github.com/elastic/go-seccomp-bpf"
	_ "github.com/elastic/go-seccomp-bpf/arch"
	_ "github.com/moby/buildkit/frontend/dockerfile/instructions"
	_ "github.com/moby/buildkit/frontend/dockerfile/linter"
	_ "github.com/moby/buildkit/frontend/dockerfile/parser"
	_ "github.com/moby/profiles/seccomp"
)
