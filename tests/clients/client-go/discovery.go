// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/disk"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/openapi3"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// What a client finds out about the server, and how seldom it asks.
var discoveryClaims = []claim{
	{"the_version_is_a_kubernetes_version", version},
	{"one_answer_tells_all_resources", aggregated},
	{"a_cache_on_disk_is_asked_instead", diskCache},
	{"short_names_and_kinds_are_mapped", mapped},
	{"preferred_versions_are_told", preferred},
	{"schemas_are_read_by_group", openAPI},
}

// Counts what goes over the wire.
type counter struct {
	next  http.RoundTripper
	count *atomic.Int64
}

func (c counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.count.Add(1)
	return c.next.RoundTrip(r)
}

func counted(config *rest.Config) (*rest.Config, *atomic.Int64) {
	n := &atomic.Int64{}
	out := rest.CopyConfig(config)
	out.Wrap(func(next http.RoundTripper) http.RoundTripper { return counter{next, n} })
	return out, n
}

func version(_ context.Context, c *cluster) error {
	v, err := c.typed.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	return want("minor", "1.37", v.Major+"."+v.Minor)
}

func aggregated(_ context.Context, c *cluster) error {
	config, n := counted(c.config)
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	groups, resources, err := client.ServerGroupsAndResources()
	if err != nil {
		return err
	}
	if len(groups) < 15 || len(resources) < 15 {
		return fmt.Errorf("%d groups, %d lists", len(groups), len(resources))
	}
	return want("requests", int64(2), n.Load()) // /api and /apis
}

func diskCache(_ context.Context, c *cluster) error {
	dir, err := os.MkdirTemp("", "discovery")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config, n := counted(c.config)
	for range 2 {
		client, err := disk.NewCachedDiscoveryClientForConfig(config, dir, dir+"/http", time.Hour)
		if err != nil {
			return err
		}
		if _, err = client.ServerPreferredResources(); err != nil {
			return err
		}
		if _, err = client.ServerGroups(); err != nil {
			return err
		}
	}
	if n.Load() > 2 {
		return fmt.Errorf("%d requests", n.Load())
	}
	return nil
}

func mapped(_ context.Context, c *cluster) error {
	cache := memory.NewMemCacheClient(c.typed.Discovery())
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cache), cache, nil)
	for short, kind := range map[string]string{"deploy": "Deployment", "sts": "StatefulSet", "no": "Node", "netpol": "NetworkPolicy", "sa": "ServiceAccount", "crd": "CustomResourceDefinition"} {
		have, err := mapper.KindFor(schema.GroupVersionResource{Resource: short})
		if err != nil {
			return err
		}
		if have.Kind != kind {
			return want(short, kind, have.Kind)
		}
	}
	m, err := mapper.RESTMapping(schema.GroupKind{Group: "batch", Kind: "CronJob"})
	if err != nil {
		return err
	}
	if m.Scope.Name() != meta.RESTScopeNameNamespace {
		return errors.New("a CronJob has no namespace")
	}
	_, err = mapper.RESTMapping(schema.GroupKind{Group: "batch", Kind: "Nothing"})
	return want("an unknown kind is no match", true, meta.IsNoMatchError(err))
}

func preferred(_ context.Context, c *cluster) error {
	lists, err := c.typed.Discovery().ServerPreferredNamespacedResources()
	if err != nil {
		return err
	}
	found := map[string]string{}
	for _, l := range lists {
		for _, r := range l.APIResources {
			found[r.Kind] = l.GroupVersion
		}
	}
	return want("HorizontalPodAutoscaler", "autoscaling/v2", found["HorizontalPodAutoscaler"])
}

func openAPI(_ context.Context, c *cluster) error {
	root := openapi3.NewRoot(c.typed.Discovery().OpenAPIV3())
	versions, err := root.GroupVersions()
	if err != nil {
		return err
	}
	if len(versions) < 15 {
		return fmt.Errorf("%d groups", len(versions))
	}
	spec, err := root.GVSpec(schema.GroupVersion{Group: "apps", Version: "v1"})
	if err != nil {
		return err
	}
	if _, ok := spec.Components.Schemas["io.k8s.api.apps.v1.Deployment"]; !ok {
		return errors.New("no schema of a Deployment")
	}
	return nil
}
