// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"
)

// Lists: by pages, as they were at some revision, as tables.
var listClaims = []claim{
	{"many_are_made", manyMade},
	{"a_pager_sees_each_once", paged},
	{"pages_are_of_one_revision", pagesConsistent},
	{"a_list_is_as_old_as_asked", listExact},
	{"a_revision_that_never_was_is_refused", listFuture},
	{"metadata_alone", listMetadata},
	{"a_table", listTable},
	{"all_are_deleted_at_once", deletedCollection},
	{"a_revision_that_was_forgotten_is_expired", listExpired},
}

const many = 250

func manyMade(ctx context.Context, c *cluster) error {
	for i := range many {
		m := configMap(fmt.Sprintf("m-%03d", i), map[string]string{"i": fmt.Sprint(i)})
		m.Labels = map[string]string{"many": "yes"}
		if _, err := c.typed.CoreV1().ConfigMaps(c.ns).Create(ctx, m, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func paged(ctx context.Context, c *cluster) error {
	pages := 0
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		pages++
		return c.typed.CoreV1().ConfigMaps(c.ns).List(ctx, o)
	})
	p.PageSize = 40
	seen := map[string]int{}
	err := p.EachListItem(ctx, metav1.ListOptions{LabelSelector: "many=yes"}, func(o runtime.Object) error {
		seen[o.(*corev1.ConfigMap).Name]++
		return nil
	})
	if err != nil {
		return err
	}
	for name, n := range seen {
		if n != 1 {
			return fmt.Errorf("%s came %d times", name, n)
		}
	}
	if pages != (many+39)/40 {
		return fmt.Errorf("%d pages", pages)
	}
	return want("maps", many, len(seen))
}

func pagesConsistent(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	first, err := maps.List(ctx, metav1.ListOptions{Limit: 100, LabelSelector: "many=yes"})
	if err != nil {
		return err
	}
	if first.Continue == "" {
		return errors.New("the first page goes on nowhere")
	}
	if err := maps.Delete(ctx, "m-200", metav1.DeleteOptions{}); err != nil {
		return err
	}
	n := len(first.Items)
	for at := first; at.Continue != ""; n += len(at.Items) {
		at, err = maps.List(ctx, metav1.ListOptions{Limit: 100, LabelSelector: "many=yes", Continue: at.Continue})
		if err != nil {
			return err
		}
		if at.ResourceVersion != first.ResourceVersion {
			return want("revision", first.ResourceVersion, at.ResourceVersion)
		}
	}
	return want("maps", many, n)
}

func listExact(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	before, err := maps.List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return err
	}
	if _, err := maps.Create(ctx, configMap("later", nil), metav1.CreateOptions{}); err != nil {
		return err
	}
	exact, err := maps.List(ctx, metav1.ListOptions{ResourceVersion: before.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	if err != nil {
		return err
	}
	for i := range exact.Items {
		if exact.Items[i].Name == "later" {
			return errors.New("it shows what came later")
		}
	}
	newer, err := maps.List(ctx, metav1.ListOptions{ResourceVersion: before.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	if err != nil {
		return err
	}
	if err := want("newer", len(exact.Items)+1, len(newer.Items)); err != nil {
		return err
	}
	return want("revision", before.ResourceVersion, exact.ResourceVersion)
}

func listFuture(ctx context.Context, c *cluster) error {
	err := c.typed.CoreV1().RESTClient().Get().Namespace(c.ns).Resource("configmaps").Param("resourceVersion", "999999999").MaxRetries(0).Do(ctx).Error()
	if !apierrors.IsTimeout(err) || !apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		return fmt.Errorf("wanted a revision that is too large, have %v", err)
	}
	return nil
}

func listMetadata(ctx context.Context, c *cluster) error {
	client, err := metadata.NewForConfig(c.config)
	if err != nil {
		return err
	}
	list, err := client.Resource(configMaps).Namespace(c.ns).List(ctx, metav1.ListOptions{LabelSelector: "many=yes", Limit: 10})
	if err != nil {
		return err
	}
	if len(list.Items) != 10 || list.Continue == "" {
		return fmt.Errorf("%d items, and %q", len(list.Items), list.Continue)
	}
	return want("label", "yes", list.Items[0].Labels["many"])
}

func listTable(ctx context.Context, c *cluster) error {
	config := rest.CopyConfig(c.config)
	config.GroupVersion, config.APIPath = &corev1.SchemeGroupVersion, "/api"
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return err
	}
	table := &metav1.Table{}
	err = client.Get().Namespace(c.ns).Resource("configmaps").SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").
		Param("limit", "3").Param("includeObject", "Object").Do(ctx).Into(table)
	if err != nil {
		return err
	}
	if len(table.Rows) != 3 || len(table.Rows[0].Cells) != len(table.ColumnDefinitions) {
		return fmt.Errorf("%d rows of %d columns", len(table.Rows), len(table.ColumnDefinitions))
	}
	return want("first column", "Name", table.ColumnDefinitions[0].Name)
}

func deletedCollection(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	if err := maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "many=yes"}); err != nil {
		return err
	}
	list, err := maps.List(ctx, metav1.ListOptions{LabelSelector: "many=yes"})
	if err != nil {
		return err
	}
	return want("maps", 0, len(list.Items))
}

// The server was told to forget old revisions within seconds.
func listExpired(ctx context.Context, c *cluster) error {
	return until(ctx, func(ctx context.Context) error {
		_, err := c.typed.CoreV1().ConfigMaps(c.ns).List(ctx,
			metav1.ListOptions{ResourceVersion: "1", ResourceVersionMatch: metav1.ResourceVersionMatchExact, Limit: 1})
		if err == nil {
			return errors.New("it is still known")
		}
		return want("expired", true, apierrors.IsResourceExpired(err) || apierrors.IsGone(err))
	})
}
