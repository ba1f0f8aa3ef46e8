//! Every network against its original or its definition, and what holds for all of them. One program, which links Burn
//! once.

mod architecture;
mod argus_2019;
mod aux_skip_attention;
mod aux_skip_variants;
mod common;
mod efficientat;
mod fc_net;
mod frozen;
mod mobilenet_v1;
mod networks_2018;
mod onnx;
mod panns;
mod perceptron;
mod precision;
