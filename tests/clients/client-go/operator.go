// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// An operator made with controller-runtime: each Greeting gets a ConfigMap.
var operatorClaims = []claim{
	{"an_operator_keeps_what_it_owns", operated},
}

var greetingKind = schema.GroupVersionKind{Group: "operator.example.org", Version: "v1", Kind: "Greeting"}

const hold = "operator.example.org/hold"

func greetingDefinition() *extv1.CustomResourceDefinition {
	open := true
	d := &extv1.CustomResourceDefinition{}
	d.Name = "greetings.operator.example.org"
	d.Spec = extv1.CustomResourceDefinitionSpec{
		Group: greetingKind.Group, Scope: extv1.NamespaceScoped,
		Names: extv1.CustomResourceDefinitionNames{Kind: "Greeting", ListKind: "GreetingList", Plural: "greetings"},
		Versions: []extv1.CustomResourceDefinitionVersion{{
			Name: "v1", Served: true, Storage: true,
			Subresources: &extv1.CustomResourceSubresources{Status: &extv1.CustomResourceSubresourceStatus{}},
			Schema:       &extv1.CustomResourceValidation{OpenAPIV3Schema: &extv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &open}},
		}},
	}
	return d
}

func greeting(ns, name string) *unstructured.Unstructured {
	g := &unstructured.Unstructured{}
	g.SetGroupVersionKind(greetingKind)
	g.SetNamespace(ns)
	g.SetName(name)
	return g
}

type reconciler struct {
	client.Client
	said chan string
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	g := greeting("", "")
	if err := r.Get(ctx, request.NamespacedName, g); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if g.GetDeletionTimestamp() != nil {
		if controllerutil.RemoveFinalizer(g, hold) {
			r.said <- "bye " + g.GetName()
			return ctrl.Result{}, r.Update(ctx, g)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(g, hold) {
		if err := r.Update(ctx, g); err != nil {
			return ctrl.Result{}, err
		}
	}
	text, _, _ := unstructured.NestedString(g.Object, "spec", "text")
	m := &corev1.ConfigMap{}
	m.Namespace, m.Name = g.GetNamespace(), g.GetName()
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, m, func() error {
		m.Data = map[string]string{"text": text}
		return controllerutil.SetControllerReference(g, m, r.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	before := g.DeepCopy()
	_ = unstructured.SetNestedField(g.Object, text, "status", "said")
	return ctrl.Result{}, r.Status().Patch(ctx, g, client.MergeFrom(before))
}

func operatorStart(ctx context.Context, c *cluster) (*reconciler, error) {
	m, err := ctrl.NewManager(c.config, manager.Options{
		Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		LeaderElection: true, LeaderElectionID: "operator", LeaderElectionNamespace: c.ns,
	})
	if err != nil {
		return nil, err
	}
	r := &reconciler{m.GetClient(), make(chan string, 10)}
	byText := func(o client.Object) []string { return []string{o.(*corev1.ConfigMap).Data["text"]} }
	if err := m.GetFieldIndexer().IndexField(ctx, &corev1.ConfigMap{}, "text", byText); err != nil {
		return nil, err
	}
	if err := ctrl.NewControllerManagedBy(m).For(greeting("", "")).Owns(&corev1.ConfigMap{}).Complete(r); err != nil {
		return nil, err
	}
	go func() { _ = m.Start(ctx) }()
	return r, nil
}

func saysText(ctx context.Context, r *reconciler, key types.NamespacedName, text string) error {
	return until(ctx, func(ctx context.Context) error {
		m, g := &corev1.ConfigMap{}, greeting("", "")
		if err := r.Get(ctx, key, m); err != nil {
			return err
		}
		if err := r.Get(ctx, key, g); err != nil {
			return err
		}
		said, _, _ := unstructured.NestedString(g.Object, "status", "said")
		return want("texts", text+" "+text, m.Data["text"]+" "+said)
	})
}

// comesBack deletes the map; another takes its place, which the index finds, too.
func (r *reconciler) comesBack(ctx context.Context, key types.NamespacedName) error {
	m := &corev1.ConfigMap{}
	if err := r.Get(ctx, key, m); err != nil {
		return err
	}
	if err := r.Delete(ctx, m); err != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) error {
		list := &corev1.ConfigMapList{}
		if err := r.List(ctx, list, client.InNamespace(key.Namespace), client.MatchingFields{"text": m.Data["text"]}); err != nil {
			return err
		}
		if len(list.Items) != 1 {
			return fmt.Errorf("%d maps", len(list.Items))
		}
		return want("another", true, list.Items[0].UID != m.UID)
	})
}

func operated(ctx context.Context, c *cluster) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := establish(ctx, c, greetingDefinition()); err != nil {
		return err
	}
	r, err := operatorStart(ctx, c)
	if err != nil {
		return err
	}
	g, key := greeting(c.ns, "a"), types.NamespacedName{Namespace: c.ns, Name: "a"}
	_ = unstructured.SetNestedField(g.Object, "hello", "spec", "text")
	if err := r.Create(ctx, g); err != nil {
		return err
	}
	if err := saysText(ctx, r, key, "hello"); err != nil {
		return fmt.Errorf("created: %w", err)
	}
	if err := r.Patch(ctx, greeting(c.ns, "a"), client.RawPatch(types.MergePatchType, []byte(`{"spec":{"text":"hi"}}`))); err != nil {
		return err
	}
	if err := saysText(ctx, r, key, "hi"); err != nil {
		return fmt.Errorf("changed: %w", err)
	}
	if err := r.comesBack(ctx, key); err != nil {
		return fmt.Errorf("mended: %w", err)
	}
	if err := r.Delete(ctx, greeting(c.ns, "a")); err != nil {
		return err
	}
	if err := want("last words", "bye a", next(ctx, r.said)); err != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) error {
		err := r.Get(ctx, key, &corev1.ConfigMap{})
		return want("the map has gone with it", true, apierrors.IsNotFound(err))
	})
}
