//go:build tools

// Package tools pins the Tekton programs that Peanut is measured against; nothing here is compiled into Peanut.
package tools

import (
	_ "github.com/tektoncd/pipeline/cmd/controller"
	_ "github.com/tektoncd/pipeline/cmd/entrypoint"
	_ "github.com/tektoncd/pipeline/cmd/nop"
	_ "github.com/tektoncd/pipeline/cmd/workingdirinit"
)
