//go:build tools

// Package tools pins the Kubernetes programs that the tests run; nothing here is compiled into Peanut.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
