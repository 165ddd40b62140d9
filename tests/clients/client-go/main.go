// SPDX-License-Identifier: Apache-2.0

// Software as operators are written, with the libraries that they use, against the cluster of $KUBECONFIG. Each claim says one line:
// `ok NAME`, or `not ok NAME - why`. usage: client-go [SUBJECT...]; a subject is a file here.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// What every claim has: the cluster by each kind of client, and a namespace of its subject's own.
type cluster struct {
	config  *rest.Config
	typed   kubernetes.Interface // speaks protobuf
	dynamic dynamic.Interface
	ns      string
}

// A claim ends by itself when its context does.
type claim struct {
	name string
	test func(ctx context.Context, c *cluster) error
}

var subjects = []struct {
	name   string
	claims []claim
}{
	{"apply", applyClaims},
	{"discovery", discoveryClaims},
	{"dynamic", dynamicClaims},
	{"election", electionClaims},
	{"informers", informerClaims},
	{"lists", listClaims},
	{"operator", operatorClaims},
	{"watches", watchClaims},
	{"writes", writeClaims},
	{"streams", streamClaims},
}

const patience = 20 * time.Second

func connect(subject string) (*cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 500, 500
	binary := rest.CopyConfig(config)
	binary.ContentType = "application/vnd.kubernetes.protobuf"
	binary.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	typed, err := kubernetes.NewForConfig(binary)
	if err != nil {
		return nil, err
	}
	untyped, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	c := &cluster{config, typed, untyped, subject}
	return c, namespaceCreate(c)
}

func run(c *cluster, one claim) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := one.test(ctx, c); err != nil {
		fmt.Printf("not ok %s - %s\n", one.name, strings.ReplaceAll(err.Error(), "\n", " "))
	} else {
		fmt.Printf("ok %s\n", one.name)
	}
}

func main() {
	quiet()
	for _, s := range subjects {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], s.name) || s.name == "streams" && pod == "" {
			continue
		}
		c, err := connect(s.name)
		if err != nil {
			fmt.Printf("not ok %s - %v\n", s.name, err)
			continue
		}
		for _, one := range s.claims {
			run(c, one)
		}
	}
}
