//! A network's tensors by PyTorch's names: out to safetensors and back in.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use super::network::Network;
use crate::engine::error::{EngineError, Result};
use crate::engine::ops::to_vec_f32;

/// A tensor on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor32 {
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<f32>,
}

/// Tensors on the host, by name: `stem.conv.weight`, `blocks.0.1.bn2.running_var`,
/// `projections.0_2.conv.weight`, `tap.bias`, `head.weight`, …
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights(pub BTreeMap<String, Tensor32>);

impl Weights {
    /// SHA-256 over names, shapes and values, in hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut sha = Sha256::new();
        for (name, tensor) in &self.0 {
            let shape = tensor.shape.iter().map(|side| *side as u64);
            for number in [name.len() as u64, tensor.shape.len() as u64].into_iter().chain(shape) {
                sha.update(number.to_le_bytes());
            }
            sha.update(name);
            tensor.values.iter().for_each(|value| sha.update(value.to_le_bytes()));
        }
        sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Parameters and running statistics of `network`. Of a network in training, pass
    /// `network.valid()`: running statistics may lag one step behind in the other.
    pub fn of<B: Backend>(network: &Network<B>) -> Self {
        let mut weights = Self::default();
        visit(network, |name, tensor| {
            weights.0.insert(name, tensor.to_host());
        });
        weights
    }

    /// `network` with these values.
    ///
    /// # Errors
    /// When names or shapes differ from the network's; nothing is loaded then. `path` is
    /// for messages.
    pub fn load_into<B: Backend>(&self, network: Network<B>, path: &Path) -> Result<Network<B>> {
        let fail = |reason: String| EngineError::run(path, reason);
        let expected = Self::of(&network).0;
        for (name, tensor) in &expected {
            let Some(found) = self.0.get(name) else {
                return Err(fail(format!("the tensor {name} is missing")));
            };
            if found.shape != tensor.shape {
                return Err(fail(format!("{name} has shape {:?}, expected {:?}", found.shape, tensor.shape)));
            }
        }
        if let Some(name) = self.0.keys().find(|name| !expected.contains_key(*name)) {
            return Err(fail(format!("the tensor {name} does not belong to this network")));
        }
        Ok(network.clone().map(&mut Loader { path: Place::of(&network), weights: self }))
    }

    /// As a safetensors file with `metadata`.
    ///
    /// # Errors
    /// When the format cannot hold it; `path` is for messages.
    pub fn to_safetensors(&self, metadata: HashMap<String, String>, path: &Path) -> Result<Vec<u8>> {
        let bytes: Vec<(&String, &Tensor32, Vec<u8>)> = self
            .0
            .iter()
            .map(|(name, t)| (name, t, t.values.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let fail =
            |e: safetensors::SafeTensorError| EngineError::run(path, format!("cannot be encoded: {e}"));
        let mut views = Vec::with_capacity(bytes.len());
        for (name, tensor, data) in &bytes {
            views.push((
                name.as_str(),
                TensorView::new(Dtype::F32, tensor.shape.clone(), data).map_err(fail)?,
            ));
        }
        safetensors::serialize(views, Some(metadata)).map_err(fail)
    }

    /// Reads a safetensors file; 32-bit floats only.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_safetensors(bytes: &[u8], path: &Path) -> Result<Self> {
        let file = SafeTensors::deserialize(bytes)
            .map_err(|e| EngineError::run(path, format!("not a safetensors file: {e}")))?;
        let mut weights = Self::default();
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                let reason = format!("{name} holds {:?}, expected 32-bit floats", view.dtype());
                return Err(EngineError::run(path, reason));
            }
            let values =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            weights.0.insert(name.to_owned(), Tensor32 { shape: view.shape().to_vec(), values });
        }
        Ok(weights)
    }
}

/// Trainable parameters of a built network; running statistics are not among them.
pub fn trainable_parameters<B: Backend>(network: &Network<B>) -> usize {
    let mut count = 0;
    visit(network, |name, tensor| {
        if !name.ends_with("running_mean") && !name.ends_with("running_var") {
            count += tensor.len();
        }
    });
    count
}

/// What `of` has for each parameter, with the parameter's place.
pub trait ByParameter<B: Backend> {
    /// Of one parameter, by burn's id and PyTorch's name.
    fn parameter<const D: usize>(&mut self, id: ParamId, name: String, value: &Tensor<B, D>);
}

/// Shows every tensor of a network to `each`.
pub fn each_parameter<B: Backend>(network: &Network<B>, each: &mut impl ByParameter<B>) {
    struct Walker<'a, E> {
        path: Place,
        each: &'a mut E,
    }
    impl<B: Backend, E: ByParameter<B>> ModuleVisitor<B> for Walker<'_, E> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.enter(name);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
            self.each.parameter(param.id, self.path.name(), &param.val());
        }
    }
    network.visit(&mut Walker { path: Place::of(network), each });
}

impl Tensor32 {
    /// The values of `tensor`.
    pub fn of<B: Backend, const D: usize>(tensor: &Tensor<B, D>) -> Self {
        Visited(tensor.clone()).to_host()
    }

    /// On a device, where it has `D` dimensions.
    pub fn on<B: Backend, const D: usize>(&self, device: &B::Device) -> Option<Tensor<B, D>> {
        let data = TensorData::new(self.values.clone(), self.shape.clone());
        (self.shape.len() == D).then(|| Tensor::from_data(data, device))
    }
}

/// Gradients by parameter name; parameters without one are left out.
pub fn named_gradients<B: AutodiffBackend>(network: &Network<B>, gradients: &GradientsParams) -> Weights {
    struct Collector<'a> {
        path: Place,
        gradients: &'a GradientsParams,
        found: Weights,
    }
    impl<B: AutodiffBackend> ModuleVisitor<B> for Collector<'_> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.enter(name);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
            if let Some(gradient) = self.gradients.get::<B::InnerBackend, D>(param.id) {
                self.found.0.insert(self.path.name(), Visited::<B::InnerBackend, D>(gradient).to_host());
            }
        }
    }
    let mut collector = Collector { path: Place::of(network), gradients, found: Weights::default() };
    network.visit(&mut collector);
    collector.found
}

/// Where a visit is in the module tree, and what PyTorch calls that place.
struct Place {
    parts: Vec<String>,
    /// `S_D` of each projection, in stored order.
    projections: Vec<String>,
}

impl Place {
    fn of<B: Backend>(network: &Network<B>) -> Self {
        let projections = network.hops().map(|h| format!("{}_{}", h.source, h.target)).collect();
        Self { parts: Vec::new(), projections }
    }

    fn enter(&mut self, part: &str) {
        let renamed = match (self.parts.last().map(String::as_str), part.parse::<usize>()) {
            (Some("projections"), Ok(i)) => self.projections.get(i).cloned(),
            _ => None,
        };
        self.parts.push(renamed.unwrap_or_else(|| part.to_owned()));
    }

    fn exit(&mut self) {
        self.parts.pop();
    }

    fn name(&self) -> String {
        let parts: Vec<_> = self.parts.iter().map(String::as_str).filter(|p| *p != "conv_bn").collect();
        parts.join(".")
    }
}

/// A tensor met on a visit.
struct Visited<B: Backend, const D: usize>(Tensor<B, D>);

trait HostTensor {
    fn to_host(&self) -> Tensor32;
    fn len(&self) -> usize;
}

impl<B: Backend, const D: usize> HostTensor for Visited<B, D> {
    fn to_host(&self) -> Tensor32 {
        let shape = self.0.dims().to_vec();
        let values = to_vec_f32(self.0.clone());
        Tensor32 { shape, values }
    }

    fn len(&self) -> usize {
        self.0.dims().iter().product()
    }
}

fn visit<B: Backend>(network: &Network<B>, each: impl FnMut(String, &dyn HostTensor)) {
    struct Each<F>(F);
    impl<B: Backend, F: FnMut(String, &dyn HostTensor)> ByParameter<B> for Each<F> {
        fn parameter<const D: usize>(&mut self, _: ParamId, name: String, value: &Tensor<B, D>) {
            (self.0)(name, &Visited(value.clone()));
        }
    }
    each_parameter(network, &mut Each(each));
}

struct Loader<'a> {
    path: Place,
    weights: &'a Weights,
}

impl<B: Backend> ModuleMapper<B> for Loader<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let (id, old, mapper) = param.consume();
        let tensor = match self.weights.0.get(&self.path.name()) {
            Some(t) => {
                let data = TensorData::new(t.values.clone(), t.shape.clone());
                Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
            }
            None => old,
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}
