//go:build tools

// Package tools pins the Argo Workflows programs that Peanut is measured against; nothing here is compiled into Peanut.
package tools

import (
	_ "github.com/argoproj/argo-workflows/v3/cmd/argoexec"
	_ "github.com/argoproj/argo-workflows/v3/cmd/workflow-controller"
)
