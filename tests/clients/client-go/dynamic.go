// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	extclient "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
)

// Custom resources, by a client that knows no types.
var dynamicClaims = []claim{
	{"a_definition_is_established", defined},
	{"a_custom_resource_is_created_with_its_defaults", customCreated},
	{"its_status_is_apart", customStatus},
	{"it_is_applied", customApplied},
	{"it_is_scaled", customScaled},
	{"its_fields_are_selected", customSelected},
	{"a_bad_one_is_refused_with_its_field", customRefused},
	{"a_finalizer_holds_it", customHeld},
}

var boats = schema.GroupVersionResource{Group: "dynamic.example.org", Version: "v1", Resource: "boats"}

func boatDefinition() *extv1.CustomResourceDefinition {
	one := 1.0
	fields := func(p map[string]extv1.JSONSchemaProps) extv1.JSONSchemaProps {
		return extv1.JSONSchemaProps{Type: "object", Properties: p}
	}
	selector := ".status.selector"
	return &extv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: boats.GroupResource().String()},
		Spec: extv1.CustomResourceDefinitionSpec{
			Group: boats.Group, Scope: extv1.NamespaceScoped,
			Names: extv1.CustomResourceDefinitionNames{Kind: "Boat", Plural: "boats", ShortNames: []string{"bo"}},
			Versions: []extv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				SelectableFields: []extv1.SelectableField{{JSONPath: ".spec.color"}},
				Subresources: &extv1.CustomResourceSubresources{Status: &extv1.CustomResourceSubresourceStatus{},
					Scale: &extv1.CustomResourceSubresourceScale{SpecReplicasPath: ".spec.sails", StatusReplicasPath: ".status.sails", LabelSelectorPath: &selector}},
				Schema: &extv1.CustomResourceValidation{OpenAPIV3Schema: &extv1.JSONSchemaProps{Type: "object", Properties: map[string]extv1.JSONSchemaProps{
					"spec": fields(map[string]extv1.JSONSchemaProps{
						"color": {Type: "string", Default: &extv1.JSON{Raw: []byte(`"blue"`)}},
						"sails": {Type: "integer", Format: "int32", Minimum: &one},
					}),
					"status": fields(map[string]extv1.JSONSchemaProps{"sails": {Type: "integer"}, "selector": {Type: "string"}}),
				}}},
			}},
		},
	}
}

func boat(name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "dynamic.example.org/v1", "kind": "Boat",
		"metadata": map[string]any{"name": name}, "spec": spec}}
}

func (c *cluster) boats() dynamic.ResourceInterface { return c.dynamic.Resource(boats).Namespace(c.ns) }

func establish(ctx context.Context, c *cluster, d *extv1.CustomResourceDefinition) error {
	client, err := extclient.NewForConfig(c.config)
	if err != nil {
		return err
	}
	_, err = client.ApiextensionsV1().CustomResourceDefinitions().Create(ctx, d, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return until(ctx, func(ctx context.Context) error {
		have, err := client.ApiextensionsV1().CustomResourceDefinitions().Get(ctx, d.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range have.Status.Conditions {
			if condition.Type == extv1.Established && condition.Status == extv1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("conditions: %v", have.Status.Conditions)
	})
}

func defined(ctx context.Context, c *cluster) error { return establish(ctx, c, boatDefinition()) }

func customCreated(ctx context.Context, c *cluster) error {
	b, err := c.boats().Create(ctx, boat("a", map[string]any{"sails": int64(2), "unknown": "x"}), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	color, _, _ := unstructured.NestedString(b.Object, "spec", "color")
	if _, found, _ := unstructured.NestedString(b.Object, "spec", "unknown"); found {
		return errors.New("an unknown field was kept")
	}
	return want("color", "blue", color)
}

func customStatus(ctx context.Context, c *cluster) error {
	b, err := c.boats().Get(ctx, "a", metav1.GetOptions{})
	if err != nil {
		return err
	}
	_ = unstructured.SetNestedField(b.Object, "red", "spec", "color")
	_ = unstructured.SetNestedField(b.Object, int64(2), "status", "sails")
	_ = unstructured.SetNestedField(b.Object, "app=boat", "status", "selector")
	b, err = c.boats().UpdateStatus(ctx, b, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	color, _, _ := unstructured.NestedString(b.Object, "spec", "color")
	sails, _, _ := unstructured.NestedInt64(b.Object, "status", "sails")
	if b.GetGeneration() != 1 {
		return fmt.Errorf("generation %d", b.GetGeneration())
	}
	return want("color and sails", "blue 2", fmt.Sprint(color, " ", sails))
}

func customApplied(ctx context.Context, c *cluster) error {
	b, err := c.boats().Apply(ctx, "a", boat("a", map[string]any{"color": "green"}), metav1.ApplyOptions{FieldManager: "painter", Force: true})
	if err != nil {
		return err
	}
	sails, _, _ := unstructured.NestedInt64(b.Object, "spec", "sails")
	return want("sails", int64(2), sails)
}

func customScaled(ctx context.Context, c *cluster) error {
	resources, err := restmapper.GetAPIGroupResources(c.typed.Discovery())
	if err != nil {
		return err
	}
	mapper := restmapper.NewDiscoveryRESTMapper(resources)
	scales, err := scale.NewForConfig(c.config, mapper, dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(c.typed.Discovery()))
	if err != nil {
		return err
	}
	s, err := scales.Scales(c.ns).Get(ctx, boats.GroupResource(), "a", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if s.Status.Selector != "app=boat" || s.Status.Replicas != 2 {
		return fmt.Errorf("status %+v", s.Status)
	}
	s.Spec.Replicas = 7
	if _, err = scales.Scales(c.ns).Update(ctx, boats.GroupResource(), s, metav1.UpdateOptions{}); err != nil {
		return err
	}
	s, err = scales.Scales(c.ns).Patch(ctx, boats, "a", types.MergePatchType, []byte(`{"spec":{"replicas":8}}`), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	return want("replicas", int32(8), s.Spec.Replicas)
}

func customSelected(ctx context.Context, c *cluster) error {
	if _, err := c.boats().Create(ctx, boat("b", map[string]any{"color": "black"}), metav1.CreateOptions{}); err != nil {
		return err
	}
	list, err := c.boats().List(ctx, metav1.ListOptions{FieldSelector: "spec.color=black"})
	if err != nil {
		return err
	}
	return want("boats", 1, len(list.Items))
}

func customRefused(ctx context.Context, c *cluster) error {
	_, err := c.boats().Create(ctx, boat("c", map[string]any{"sails": int64(0)}), metav1.CreateOptions{})
	var status apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || len(status.Status().Details.Causes) != 1 {
		return fmt.Errorf("wanted one cause, have %v", err)
	}
	return want("field", "spec.sails", status.Status().Details.Causes[0].Field)
}

func customHeld(ctx context.Context, c *cluster) error {
	b := boat("held", map[string]any{})
	b.SetFinalizers([]string{"example.org/hold"})
	if _, err := c.boats().Create(ctx, b, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := c.boats().Delete(ctx, "held", metav1.DeleteOptions{}); err != nil {
		return err
	}
	b, err := c.boats().Get(ctx, "held", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if b.GetDeletionTimestamp() == nil {
		return errors.New("it is not being deleted")
	}
	if _, err = c.boats().Patch(ctx, "held", types.JSONPatchType, []byte(`[{"op":"remove","path":"/metadata/finalizers"}]`), metav1.PatchOptions{}); err != nil {
		return err
	}
	_, err = c.boats().Get(ctx, "held", metav1.GetOptions{})
	return want("it is gone", true, apierrors.IsNotFound(err))
}
