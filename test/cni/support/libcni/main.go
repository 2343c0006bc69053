// Calls a CNI plugin as container runtimes do: by the reference library.
//
// Argument: the command. Standard input: a call, as JSON. Standard output: what came of it, as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"
)

type call struct {
	// The directories of the plugins.
	Path []string `json:"path"`
	// Where the library remembers results.
	CacheDir       string                 `json:"cacheDir"`
	ContainerID    string                 `json:"containerID"`
	NetNS          string                 `json:"netns"`
	IfName         string                 `json:"ifName"`
	CapabilityArgs map[string]interface{} `json:"capabilityArgs"`
	// A list of network configurations (.conflist).
	List json.RawMessage `json:"list"`
	// The attachments that are valid, for GC; null: none, as runtimes say it that have no container.
	Valid []types.GCAttachment `json:"valid"`
}

type answer struct {
	Result interface{} `json:"result,omitempty"`
	// What the plugin answered, or the library.
	Error *failure `json:"error,omitempty"`
}

type failure struct {
	Code    uint   `json:"code"`
	Message string `json:"message"`
}

func carryOut(command string, c call) (interface{}, error) {
	ctx := context.Background()
	cni := libcni.NewCNIConfigWithCacheDir(c.Path, c.CacheDir, nil)
	list, err := libcni.NetworkConfFromBytes(c.List)
	if err != nil {
		return nil, err
	}
	runtime := &libcni.RuntimeConf{
		ContainerID:    c.ContainerID,
		NetNS:          c.NetNS,
		IfName:         c.IfName,
		CapabilityArgs: c.CapabilityArgs,
	}
	switch command {
	case "ADD":
		return cni.AddNetworkList(ctx, list, runtime)
	case "CHECK":
		return nil, cni.CheckNetworkList(ctx, list, runtime)
	case "DEL":
		return nil, cni.DelNetworkList(ctx, list, runtime)
	case "GC":
		return nil, cni.GCNetworkList(ctx, list, &libcni.GCArgs{ValidAttachments: c.Valid})
	case "STATUS":
		return nil, cni.GetStatusNetworkList(ctx, list)
	case "VERSION":
		info, err := cni.GetVersionInfo(ctx, list.Plugins[0].Network.Type)
		if err != nil {
			return nil, err
		}
		return info.SupportedVersions(), nil
	}
	return nil, fmt.Errorf("no command %q", command)
}

func run() error {
	var c call
	if err := json.NewDecoder(os.Stdin).Decode(&c); err != nil {
		return err
	}
	var said answer
	result, err := carryOut(os.Args[1], c)
	if err != nil {
		said.Error = &failure{Message: err.Error()}
		var known *types.Error
		if errors.As(err, &known) {
			said.Error.Code = known.Code
		}
	} else {
		said.Result = result
	}
	return json.NewEncoder(os.Stdout).Encode(said)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
